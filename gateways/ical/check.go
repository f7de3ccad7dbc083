package ical

import "context"

// Check refuses an address that [Fetcher.Fetch] would refuse without asking anybody: no web address, not https, a number instead
// of a name. Where the name leads is seen when it is fetched.
func (f *Fetcher) Check(address string) error {
	_, err := f.request(context.Background(), address, Known{})
	return err
}
