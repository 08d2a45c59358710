"""Task kinds: what each reads of an example, its head, its loss, and how what it says is decoded."""
