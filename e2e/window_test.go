package e2e

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/sandbox/control"
	"cabanas/sandbox/guest"
)

func chooseHold(m control.Message) (control.Button, bool) {
	if choice, found := guest.Choose(m, "hold_"); found {
		return choice, true
	}
	choice, _ := guest.Choose(m, "acc_")
	return choice, false
}

// paysOutsideWindow: Meta counts 24 hours by its own clock; when it refuses, the approved form goes out.
func paysOutsideWindow(t *testing.T, s *stack) {
	g := s.arrives(t)
	h := g.holds(s.week(t, 2), 2)
	require.NoError(t, s.world.SetWindow(patient(t), g.Number, false))
	g.pays(h, "")
	told := g.isTold(h.Code, "confirmed")
	require.Equal(t, "template", told.Kind)
	require.NotNil(t, told.Tpl)
	require.NotEmpty(t, told.Tpl.Params)
	s.hears(t, g.Number, h.Code, "hold", "confirmed", "receipt")
}

// hasNoWhatsApp: who cannot be reached is a fact that is written down, and the booking goes on.
func hasNoWhatsApp(t *testing.T, s *stack) {
	w, number := s.wishes(3, s.week(t, 2), 2)
	_, err := s.world.AddGuest(patient(t), control.Guest{Number: number, NotOnWhatsApp: true})
	require.NoError(t, err)
	h := s.books(t, w)
	_, err = s.world.Pay(patient(t), paymentOf(s.preference(t, h.Code)))
	require.NoError(t, err)
	s.becomes(t, h.Code, "confirmed", "partially_paid")
	s.eventually(t, patience, "both messages are marked as failed, with why", func(ctx context.Context) error {
		n, err := s.count(ctx, `SELECT count(*) FROM messages WHERE effect_key IN ($1, $2) AND status = 'failed' AND error <> ''`,
			h.Code+"/hold", h.Code+"/confirmed")
		if err == nil && n != 2 {
			err = fmt.Errorf("%d are", n)
		}
		return err
	})
	s.ownerHears(t, h.Code, "owner_confirmed")
}
