package dialogue

import (
	"errors"
	"strings"

	"cabanas/booking"
	"cabanas/dialogue/understanding"
)

const (
	// firstOffers are shown at once, the cheapest; moreOffers on each further page.
	firstOffers = 3
	moreOffers  = 8
	// mostAlternatives are shown when nothing is free, from a look at mostAsked accommodations.
	mostAlternatives = 5
	mostAsked        = 4
	// mostReasons keeps the explained price of the cheapest offer on a line or two.
	mostReasons = 4
)

// refusal tells a refusal of the domain from a failure, which ends the turn.
func refusal(err error) (booking.Code, error) {
	var refused *booking.Error
	if err == nil || errors.As(err, &refused) && refused.Code != booking.CodeInternal && refused.Code != booking.CodeUnavailable {
		return booking.CodeOf(err), nil
	}
	return "", err
}

// offers shows what is really free for the stay, or the cabin that was chosen.
func (t *turn) offers() error {
	if t.state.AccommodationID != 0 {
		return t.details(t.state.AccommodationID, "")
	}
	found, refused, err := t.free()
	if refused || err != nil {
		return err
	}
	switch len(found) {
	case 0:
		return t.nothingFree(nil)
	case 1:
		return t.present(found[0], t.texts.OneFree)
	}
	t.list(found, 0, "")
	return nil
}

// free asks for what is free and priced; a refusal is answered here.
func (t *turn) free() (found []Offer, refused bool, err error) {
	all, err := t.facts.Offers(t.stay(), t.state.Guests)
	code, err := refusal(err)
	if err != nil {
		return nil, false, err
	}
	switch code {
	case "":
	case booking.CodeTooManyGuests, booking.CodeTooShort, booking.CodeDatesTaken, booking.CodeInactive:
		refused, err := t.fitNowhere()
		return nil, refused, err
	case booking.CodeInvalidGuests:
		t.state.Guests = 0
		t.askGuests(t.texts.NoGuests)
		return nil, true, nil
	case booking.CodeInvalidDates, booking.CodeInThePast, booking.CodeBeyondHorizon, booking.CodeTooLong:
		t.refuseDates(code, t.stay())
		return nil, true, nil
	default:
		return nil, false, nil
	}
	for _, offer := range all {
		if offer.Quote.Total.Centavos > 0 {
			found = append(found, offer)
		}
	}
	return found, false, nil
}

// fitNowhere says why no accommodation can take the guests for so many nights. It looks at all that fit, because a refusal
// names the reason of one; false means that they fit and the nights are taken.
func (t *turn) fitNowhere() (bool, error) {
	places, err := t.facts.Accommodations()
	if err != nil {
		return false, err
	}
	biggest, least := biggestOf(places), 0
	for _, place := range places {
		if minimum := place.Rate.LeastNights(t.stay()); place.Capacity >= t.state.Guests && (least == 0 || minimum < least) {
			least = minimum
		}
	}
	switch {
	case biggest.Capacity < t.state.Guests:
		t.tooManyGuests(biggest)
	case t.stay().Nights() < least:
		t.refuseDates(booking.CodeTooShort, t.stay())
	default:
		return false, nil
	}
	return true, nil
}

// list shows offers from a position on; preface says why when the guest had asked for something else.
func (t *turn) list(found []Offer, from int, preface string) {
	t.state.Awaiting, t.state.AccommodationID, t.state.ShownFrom = awaitChoice, 0, from
	page := firstOffers
	head := t.texts.OffersHead
	if from > 0 {
		page, head = moreOffers, t.texts.MoreOffersHead
	}
	shownNow := found[from:min(from+page, len(found))]
	body := say(head, t.stayWords(t.stay(), t.state.Guests)...)
	if preface != "" {
		body = preface + "\n" + body
	}
	rows := []Choice{}
	for at, offer := range shownNow {
		place := offer.Accommodation
		body += "\n" + say(t.texts.OfferLine, "cabin", shown(place.Name, shortName), "total", t.money(offer.Quote.Total), "deposit", t.money(offer.Quote.Deposit))
		if lines := t.priceLines(offer); from == 0 && at == 0 && len(lines) > 0 && len(lines) <= mostReasons {
			body += "\n  _" + strings.Join(lines, " · ") + "_"
		}
		rows = append(rows, Choice{ID: t.offerPress(offer).ID(), Title: place.Name, Description: say(t.texts.OfferRow,
			"total", t.money(offer.Quote.Total), "deposit", t.money(offer.Quote.Deposit), "capacity", t.people(place.Capacity))})
	}
	if rest := len(found) - from - len(shownNow); rest > 0 {
		rows = append(rows, Choice{Title: t.texts.RowMore, Description: say(t.texts.RowMoreHint, "n", number(rest)),
			ID: Press{Action: ActionMoreOffers, Stay: t.stay(), Guests: t.state.Guests, From: from + len(shownNow)}.ID()})
	}
	rows = append(rows, t.otherDatesRow())
	t.reply(Reply{Kind: ReplyList, Body: body + "\n\n" + t.texts.ChooseOne, ListButton: t.texts.ButtonSeeOptions, Choices: rows})
}

func (t *turn) offerPress(offer Offer) Press {
	return Press{Action: ActionAccommodation, AccommodationID: offer.Accommodation.ID, Stay: offer.Stay, Guests: offer.Guests}
}

func (t *turn) otherDatesRow() Choice {
	return Choice{ID: Press{Action: ActionOtherDates}.ID(), Title: t.texts.RowOtherDates, Description: t.texts.RowOtherDatesHint}
}

// moreOffers shows the next page of a list.
func (t *turn) moreOffers(from int) error {
	found, refused, err := t.free()
	if refused || err != nil {
		return err
	}
	switch {
	case len(found) == 0:
		return t.nothingFree(nil)
	case from >= len(found):
		t.say(t.texts.AllShown)
		t.list(found, 0, "")
	default:
		t.list(found, from, "")
	}
	return nil
}

// nothingFree shows the nearest that is free instead of the wish, or asks for other dates.
func (t *turn) nothingFree(known []booking.Alternative) error {
	near, err := t.alternatives(known)
	if err != nil {
		return err
	}
	words := t.stayWords(t.stay(), t.state.Guests)
	if len(near) == 0 {
		t.askDates(say(t.texts.NothingFree, words...))
		return nil
	}
	t.alternativesList(say(t.texts.NothingFreeNear, words...), near)
	return nil
}

// alternatives collects what could be booked instead: those that came with a refusal, else those around each accommodation.
func (t *turn) alternatives(known []booking.Alternative) ([]booking.Alternative, error) {
	if len(known) == 0 {
		places, err := t.facts.Accommodations()
		if err != nil {
			return nil, err
		}
		asked := 0
		for _, place := range places {
			if place.Capacity < t.state.Guests || asked == mostAsked {
				continue
			}
			asked++
			_, more, err := t.facts.Offer(place.ID, t.stay(), t.state.Guests)
			if _, err = refusal(err); err != nil {
				return nil, err
			}
			known = append(known, more...)
		}
	}
	unique, seen := []booking.Alternative{}, map[string]bool{}
	for _, alternative := range known {
		id := Press{Action: ActionAccommodation, AccommodationID: alternative.AccommodationID, Stay: alternative.Stay}.ID()
		if alternative.Total.Centavos > 0 && !seen[id] && len(unique) < mostAlternatives {
			unique, seen[id] = append(unique, alternative), true
		}
	}
	return unique, nil
}

func (t *turn) alternativesList(body string, near []booking.Alternative) {
	t.state.Awaiting, t.state.AccommodationID, t.state.Quoted = awaitDates, 0, 0
	rows := []Choice{}
	for _, alternative := range near {
		words := append(t.stayWords(alternative.Stay, t.state.Guests), "total", t.money(alternative.Total))
		rows = append(rows, Choice{
			ID:    Press{Action: ActionAccommodation, AccommodationID: alternative.AccommodationID, Stay: alternative.Stay, Guests: t.state.Guests}.ID(),
			Title: t.cabinName(alternative.AccommodationID), Description: say(t.texts.AlternativeRow, words...),
		})
	}
	t.reply(Reply{Kind: ReplyList, Body: body, ListButton: t.texts.ButtonSeeOptions, Choices: append(rows, t.otherDatesRow())})
}

// cabinName is the name of an active accommodation, a general word for any other.
func (t *turn) cabinName(id int64) string {
	places, err := t.facts.Accommodations()
	if err == nil {
		for _, place := range places {
			if place.ID == id {
				return shown(place.Name, longestName)
			}
		}
	}
	return t.texts.GeneralCabin
}

// choose reads "la primera", "la más barata" or a name as the choice from the list that was shown.
func (t *turn) choose() (bool, error) {
	// "Una persona" counts nothing.
	if t.read.HasData() || t.read.Intent == IntentHuman {
		return false, nil
	}
	places, err := t.facts.Accommodations()
	if err != nil {
		return true, err
	}
	if id := t.named(places, false); id != 0 {
		return true, t.details(id, "")
	}
	position := t.read.Position()
	if position == 0 {
		return false, nil
	}
	offer, found, err := t.offerAt(position)
	if err != nil || !found {
		return len(t.replies) > 0, err
	}
	return true, t.present(offer, "")
}

// offerAt is the offer at a place of the list that was shown last, from 1.
func (t *turn) offerAt(position int) (Offer, bool, error) {
	found, refused, err := t.free()
	if refused || err != nil {
		return Offer{}, false, err
	}
	at, page := t.state.ShownFrom+position-1, firstOffers
	if t.state.ShownFrom > 0 {
		page = moreOffers
	}
	if position < 1 || position > page || at >= len(found) {
		return Offer{}, false, nil
	}
	return found[at], true, nil
}

// named finds the one accommodation whose name is in the message: whole, or, when a choice is open, by a word only it has.
func (t *turn) named(places []booking.Accommodation, whole bool) int64 {
	owners := map[string]int{}
	names := make([][]string, len(places))
	for i, place := range places {
		names[i] = understanding.NameWords(shown(place.Name, longestName))
		for _, word := range names[i] {
			owners[word]++
		}
	}
	match := int64(0)
	for i, place := range places {
		hits, own := 0, 0
		for _, word := range names[i] {
			if t.read.SaysName(word) {
				hits++
				if owners[word] == 1 && len(word) > 2 {
					own++
				}
			}
		}
		full := hits > 0 && hits == len(names[i]) && (own > 0 || t.read.SaysName("cabana"))
		if full || !whole && own > 0 {
			if match != 0 {
				return 0
			}
			match = place.ID
		}
	}
	return match
}
