package dialogue

// another answers "y la otra?", "ver más", "algo más barato", "una más grande" from the offers for the stay that is talked about.
func (t *turn) another() (bool, error) {
	if t.read.HasData() || !t.offered() && t.state.Awaiting != awaitChoice {
		return false, nil
	}
	one, more, last := t.gives(signOtherOne), t.gives(signMore), t.gives(signLastOne)
	cheaper, bigger := t.gives(signCheaper), t.gives(signBigger)
	if !one && !more && !last && !cheaper && !bigger || t.missesStay() {
		return false, nil
	}
	if more && t.state.AccommodationID == 0 {
		return true, t.moreOffers(t.nextPage())
	}
	found, refused, err := t.free()
	switch {
	case refused || err != nil:
		return true, err
	case len(found) == 0:
		return true, t.nothingFree(nil)
	case cheaper:
		return true, t.cheapest(found)
	case bigger:
		return true, t.biggest(found)
	case last:
		return true, t.present(found[min(t.nextPage(), len(found))-1], "")
	}
	return true, t.others(found)
}

func (t *turn) missesStay() bool {
	return t.state.CheckIn.IsZero() || t.state.CheckOut.IsZero() || t.state.Guests == 0
}

// nextPage is where the offers go on after those that were shown.
func (t *turn) nextPage() int {
	if t.state.ShownFrom > 0 {
		return t.state.ShownFrom + moreOffers
	}
	return firstOffers
}

// others shows what is free beside the cabin that is talked about.
func (t *turn) others(found []Offer) error {
	var rest []Offer
	for _, offer := range found {
		if offer.Accommodation.ID != t.state.AccommodationID {
			rest = append(rest, offer)
		}
	}
	switch len(rest) {
	case 0:
		t.ask(t.texts.OnlyThisOne, button(t.texts.ButtonOtherDates, Press{Action: ActionOtherDates}), t.humanButton())
	case 1:
		return t.present(rest[0], "")
	default:
		t.list(rest, 0, "")
	}
	return nil
}

// cheapest shows the cheapest offer, or says that it is the one already shown.
func (t *turn) cheapest(found []Offer) error {
	if found[0].Accommodation.ID != t.state.AccommodationID {
		return t.present(found[0], t.texts.CheapestOne)
	}
	t.ask(t.texts.NothingCheaper, button(t.texts.ButtonOtherDates, Press{Action: ActionOtherDates}), t.humanButton(), t.menuButton())
	return nil
}

// biggest shows the offer for most people, or says that it is the one already shown.
func (t *turn) biggest(found []Offer) error {
	best := found[0]
	for _, offer := range found {
		if offer.Accommodation.Capacity > best.Accommodation.Capacity {
			best = offer
		}
	}
	if best.Accommodation.ID != t.state.AccommodationID {
		return t.present(best, t.texts.BiggestOne)
	}
	t.ask(t.texts.NothingBigger, button(t.texts.ButtonOtherDates, Press{Action: ActionOtherDates}), t.humanButton(), t.menuButton())
	return nil
}
