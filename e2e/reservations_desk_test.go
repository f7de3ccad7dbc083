package e2e

import (
	"context"
	"encoding/csv"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// staffItem is a booking as staff sees it, in lists and alone.
type staffItem struct {
	Code     string `json:"code"`
	Status   string `json:"status"`
	CheckIn  string `json:"check_in"`
	CheckOut string `json:"check_out"`
	Guest    struct {
		Phone string `json:"phone"`
	} `json:"guest"`
	Webhooks []struct {
		PaymentID string `json:"payment_id"`
	} `json:"webhooks"`
	Events []struct {
		Kind  string `json:"kind"`
		Actor string `json:"actor"`
		Staff string `json:"staff"`
	} `json:"events"`
}

type movedStay struct {
	Possible bool   `json:"possible"`
	Reason   string `json:"reason"`
	After    struct {
		CheckIn string `json:"check_in"`
		Total   money  `json:"total"`
		Due     money  `json:"due"`
	} `json:"after"`
	Conflicts []struct {
		Code string `json:"code"`
	} `json:"conflicts"`
}

func (s stay) body(more map[string]any) map[string]any {
	body := map[string]any{"check_in": s.checkIn(), "check_out": s.checkOut()}
	maps.Copy(body, more)
	return body
}

// movesABooking is a day at the desk: a guest is looked up by phone, their booking read, moved and exported, and everything that
// follows a stay follows it.
func movesABooking(t *testing.T, o *office) {
	h, number, paid := o.isSold(t)
	before := o.becomes(t, h.Code, "confirmed", "partially_paid")
	path := "/admin/reservations/" + h.Code
	var list struct{ Items []staffItem }
	o.ask(http.MethodGet, "/admin/reservations?status=confirmed&search="+url.QueryEscape("+"+number), nil, http.StatusOK, &list)
	require.Len(t, list.Items, 1)
	require.Equal(t, h.Code, list.Items[0].Code)
	require.Equal(t, canonical(number), list.Items[0].Guest.Phone)

	// Nights of somebody else stand in the way, and nothing changes.
	other, _, _ := o.isSold(t)
	taken := o.becomes(t, other.Code, "confirmed", "partially_paid")
	onto := map[string]any{"check_in": taken.CheckIn.Format(time.DateOnly), "check_out": taken.CheckOut.Format(time.DateOnly), "dry_run": true}
	var dry movedStay
	o.ask(http.MethodPost, path+"/change", onto, http.StatusOK, &dry)
	require.Equal(t, "dates_taken", dry.Reason)
	require.Equal(t, other.Code, dry.Conflicts[0].Code)
	delete(onto, "dry_run")
	o.ask(http.MethodPost, path+"/change", onto, http.StatusConflict, nil)
	require.Equal(t, before, o.becomes(t, h.Code, "confirmed", "partially_paid"))

	// A night more, in a week that is free, at the price of today.
	to := o.week(t, 3)
	var moved, again movedStay
	o.posts(path+"/change", "desk-move", to.body(map[string]any{"price": "requote"}), http.StatusOK).into(t, &moved)
	o.posts(path+"/change", "desk-move", to.body(map[string]any{"price": "requote"}), http.StatusOK).into(t, &again)
	require.Equal(t, moved.After, again.After)
	require.Equal(t, to.checkIn(), moved.After.CheckIn)
	after := o.becomes(t, h.Code, "confirmed", "partially_paid")
	require.Equal(t, before.Deposit, after.Deposit, "the deposit was agreed")
	require.Equal(t, after.Total-after.Paid, moved.After.Due.centavos(t))
	o.hears(t, number, h.Code, "hold", "confirmed", "receipt", "stay_changed")
	o.reaches(t, 1, `SELECT count(*) FROM reservations WHERE code = $1 AND check_out - check_in = 3`, h.Code)
	var free struct {
		Available bool `json:"available"`
	}
	for when, want := range map[string]bool{
		"check_in=" + before.CheckIn.Format(time.DateOnly) + "&check_out=" + before.CheckOut.Format(time.DateOnly): true,
		"check_in=" + to.checkIn() + "&check_out=" + to.checkOut():                                                 false,
	} {
		o.ask(http.MethodGet, fmt.Sprintf("/accommodations/%d/availability?guests=2&%s", before.Accommodation, when), nil, http.StatusOK, &free)
		require.Equal(t, want, free.Available, when)
	}

	// Everybody can see why.
	var file staffItem
	shown := o.must(t, http.MethodGet, "/api/v1"+path, nil, "Authorization", "Bearer "+o.token)
	shown.into(t, &file)
	var kinds []string
	for _, event := range file.Events {
		kinds = append(kinds, event.Kind)
		require.False(t, event.Kind == "moved" && event.Staff == "", "somebody decided")
	}
	for _, kind := range []string{"held", "link_created", "confirmed", "moved"} {
		require.Contains(t, kinds, kind)
	}
	require.NotEmpty(t, file.Webhooks)
	require.Equal(t, fmt.Sprint(paid.ID), file.Webhooks[0].PaymentID)
	tag := shown.header.Get("ETag")
	o.eventually(t, patience, "the file stays as it was once the last message is delivered", func(ctx context.Context) error {
		same, err := o.call(ctx, http.MethodGet, "/api/v1"+path, nil, "Authorization", "Bearer "+o.token, "If-None-Match", tag)
		if err == nil && same.status != http.StatusNotModified {
			tag, err = same.header.Get("ETag"), fmt.Errorf("status %d", same.status)
		}
		return err
	})

	table := o.must(t, http.MethodGet, "/api/v1/admin/reservations/export.csv?check_in_from="+to.checkIn()+"&check_in_to="+to.checkIn(), nil,
		"Authorization", "Bearer "+o.token)
	require.Equal(t, http.StatusOK, table.status)
	rows, err := csv.NewReader(strings.NewReader(string(table.body))).ReadAll()
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(rows, func(row []string) bool { return row[0] == h.Code && row[6] == to.checkOut() }), "%v", rows)
}
