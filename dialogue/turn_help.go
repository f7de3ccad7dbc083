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
	switch topic {
	case TopicReserve:
		return t.texts.HelpReserve, nil
	case TopicPayment:
		return t.payment()
	case TopicCancel:
		if t.in.Kind != InboundChoice && !t.gives(signTerms) {
			return t.texts.PolicyPets, nil
		}
		return say(t.texts.HelpCancel, "terms", CancellationTerms(t.texts.Code, t.facts.Property().Cancellation)) + "\n" + t.texts.PolicyPets, nil
	case TopicCheckIn:
		return t.arrival()
	case TopicAmenity:
		if text, err := t.amenity(); text != "" || err != nil {
			return text, err
		}
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

// payment says what the deposit is, of the cabin being talked about where there is one, and when the rest is paid.
func (t *turn) payment() (string, error) {
	property, texts := t.facts.Property(), moneyTextsOf(t.texts.Code)
	fixed := property.DepositFixed
	places, err := t.facts.Accommodations()
	if err != nil {
		return "", err
	}
	for _, place := range places {
		if place.ID == t.state.AccommodationID {
			fixed = place.Rate.DepositFixed
		}
	}
	part, rest := say(texts.PartPercent, "percent", number(property.DepositPercent)), texts.RestOnArrival
	if fixed.Centavos > 0 {
		part = say(texts.PartFixed, "deposit", t.money(fixed.UpToWholeUnit()))
	}
	if property.Payments.BalanceMode == booking.BalanceByLink {
		rest = texts.RestByLink
	}
	return say(t.texts.HelpPayment, "part", part, "rest", rest), nil
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
