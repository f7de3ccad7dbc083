package dialogue

import (
	"strings"

	"cabanas/booking"
)

// help lists the topics.
func (t *turn) help() {
	t.state.Awaiting = ""
	rows := []Choice{}
	titles := map[Topic]string{
		TopicReserve: t.texts.HelpReserveTitle, TopicPayment: t.texts.HelpPaymentTitle, TopicCancel: t.texts.HelpCancelTitle,
		TopicCheckIn: t.texts.HelpCheckInTitle, TopicAmenity: t.texts.HelpAmenitiesTitle, TopicContact: t.texts.HelpContactTitle,
		TopicLocation: t.texts.HelpLocationTitle, TopicPhotos: t.texts.HelpPhotosTitle,
	}
	for _, topic := range topics {
		rows = append(rows, Choice{ID: Press{Action: ActionTopic, Topic: topic}.ID(), Title: titles[topic]})
	}
	rows = append(rows, t.menuButton())
	t.reply(Reply{Kind: ReplyList, Body: t.texts.HelpHead, ListButton: t.texts.HelpButton, Choices: rows})
}

// topic answers one topic from the data of the property; asked by button, a way on follows.
func (t *turn) topic(topic Topic, withButtons bool) error {
	text, err := t.topicText(topic)
	if err != nil {
		return err
	}
	if withButtons {
		t.ask(text, t.searchButton(), t.humanButton(), t.menuButton())
	} else {
		t.say(text)
	}
	return nil
}

func (t *turn) topicText(topic Topic) (string, error) {
	property := t.facts.Property()
	switch topic {
	case TopicReserve:
		return t.texts.HelpReserve, nil
	case TopicPayment:
		return say(t.texts.HelpPayment, "percent", number(property.DepositPercent)), nil
	case TopicCancel:
		if t.in.Kind != InboundChoice && !t.gives(signTerms) {
			return t.texts.PolicyPets, nil
		}
		return say(t.texts.HelpCancel, "terms", t.texts.HelpDeposit+" "+t.terms()) + "\n" + t.texts.PolicyPets, nil
	case TopicCheckIn:
		return t.arrival()
	case TopicAmenity:
		return t.perCabin(t.texts.HelpAmenities, "", func(place booking.Accommodation) string {
			return shown(strings.Join(place.Amenities, ", "), longestDescription)
		})
	case TopicLocation:
		if err := t.pin(); err != nil {
			return "", err
		}
		return t.whereabouts()
	case TopicPhotos:
		return t.photos()
	}
	return t.texts.HelpContact, nil
}

// whereabouts words where the cabins are: one address when they share it.
func (t *turn) whereabouts() (string, error) {
	places, err := t.facts.Accommodations()
	if err != nil {
		return "", err
	}
	shared := map[string]bool{}
	for _, place := range places {
		shared[address(place.Location)] = true
	}
	if len(shared) == 1 && !shared[""] {
		return say(t.texts.HelpLocation, "list", address(places[0].Location)), nil
	}
	return t.perCabin(t.texts.HelpLocation, t.texts.HelpLocationUnknown, func(place booking.Accommodation) string { return address(place.Location) })
}

// pin sends where the cabin being talked about is, else the first that says it.
func (t *turn) pin() error {
	places, err := t.facts.Accommodations()
	if err != nil {
		return err
	}
	for _, place := range places {
		where := place.Location
		if t.state.AccommodationID != 0 && place.ID != t.state.AccommodationID || where.Latitude == 0 && where.Longitude == 0 {
			continue
		}
		t.reply(Reply{Kind: ReplyLocation, Latitude: where.Latitude, Longitude: where.Longitude,
			Name: shown(t.facts.Property().Name, longestName), Address: address(where)})
		return nil
	}
	return nil
}

// arrival tells when and, for who has a confirmed booking ahead, how to get in.
func (t *turn) arrival() (string, error) {
	property := t.facts.Property()
	text := say(t.texts.HelpCheckIn, "checkin", clock(property.CheckInTime), "checkout", clock(property.CheckOutTime))
	bookings, err := t.facts.Bookings()
	if err != nil {
		return "", err
	}
	places, err := t.facts.Accommodations()
	if err != nil {
		return "", err
	}
	for _, b := range bookings {
		for _, place := range places {
			how := instructions(place.CheckInText)
			if b.Status != booking.Confirmed || b.Stay.CheckOut.Before(t.today) || place.ID != b.AccommodationID || how == "" {
				continue
			}
			times := say(t.texts.NoticeCheckTimes, "checkin", clock(property.CheckInTime), "checkout", clock(property.CheckOutTime))
			return say(t.texts.HelpCheckInFull, t.bookingWords(b)...) + "\n" + times + "\n" + how, nil
		}
	}
	return text, nil
}

// instructions is the owner's text on how to get in, as it is sent.
func instructions(text string) string {
	return cut(strings.NewReplacer("{", "(", "}", ")").Replace(strings.TrimSpace(strings.ToValidUTF8(text, ""))), longestInstructions)
}

// perCabin says one thing of each cabin; unknown answers when there is nothing to say.
func (t *turn) perCabin(text, unknown string, what func(booking.Accommodation) string) (string, error) {
	list, err := t.listed(func(place booking.Accommodation) string {
		if said := what(place); said != "" {
			return say(t.texts.HelpLine, "cabin", shown(place.Name, shortName), "what", said)
		}
		return ""
	})
	if err != nil {
		return "", err
	}
	if list == "" {
		if unknown == "" {
			unknown = t.texts.HelpContact
		}
		return unknown, nil
	}
	return say(text, "list", list), nil
}

// mostListed keeps a text about every cabin short; the one being talked about is shown alone.
const mostListed = 5

func (t *turn) listed(line func(booking.Accommodation) string) (string, error) {
	places, err := t.facts.Accommodations()
	if err != nil {
		return "", err
	}
	var lines []string
	for _, place := range places {
		if t.state.AccommodationID != 0 && place.ID == t.state.AccommodationID {
			return line(place), nil
		}
		if said := line(place); said != "" && len(lines) < mostListed {
			lines = append(lines, said)
		}
	}
	return strings.Join(lines, "\n"), nil
}

// photos sends the best picture of each cabin, or those of the one being talked about.
func (t *turn) photos() (string, error) {
	const mostPhotos = 3
	places, err := t.facts.Accommodations()
	if err != nil {
		return "", err
	}
	sent := 0
	for _, place := range places {
		if t.state.AccommodationID != 0 && place.ID != t.state.AccommodationID {
			continue
		}
		for _, photo := range place.Photos {
			if sent == mostPhotos || !strings.HasPrefix(photo.URL, "https://") {
				break
			}
			t.reply(Reply{Kind: ReplyPicture, LinkURL: photo.URL, Body: say(t.texts.PhotoCaption, "cabin", shown(place.Name, longestName),
				"capacity", t.people(place.Capacity), "price", t.money(place.Rate.Base))})
			sent++
			if t.state.AccommodationID == 0 {
				break
			}
		}
	}
	if sent == 0 {
		return t.texts.HelpPhotosNone, nil
	}
	return t.texts.HelpPhotos, nil
}

// terms words the cancellation ladder of the property.
func (t *turn) terms() string { return termsOf(t.texts, t.facts.Property().Cancellation) }
