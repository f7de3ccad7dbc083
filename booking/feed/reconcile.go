package feed

// Reconcile decides what a good fetch means.
func Reconcile(in Input) Plan {
	return Plan{}
}

// Again returns what the last good fetch held, for a fetch whose content is unchanged.
func Again(known []Known) []Seen {
	return nil
}
