// Package apitest has what tests of several packages need of the API.
package apitest

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/api"
	"cabanas/dialogue/understanding"
)

// Everything fills in every part of the API that is not given with one that is there and never asked: the server has the routes
// of optional parts too. It fails the test when the API has a part that it knows nothing of.
func Everything(t *testing.T, o api.Options) api.Options {
	t.Helper()
	value := reflect.ValueOf(&o).Elem()
	for _, field := range value.Fields() {
		if field.Kind() == reflect.Interface && field.IsNil() {
			part, known := parts[field.Type()]
			require.True(t, known || field.Type().PkgPath() != "cabanas/api", "parts has one for %s, so that its routes are tried too", field.Type())
			if known {
				field.Set(reflect.ValueOf(part))
			}
		}
	}
	if o.Understand == nil {
		o.Understand = func(string, time.Time) understanding.Fields { return understanding.Fields{} }
	}
	return o
}

// accounts is named so because a method of it is called Accounts.
type accounts = api.Accounts

// parts has one for each interface of the options; embedded and nil, its methods would panic if they were called.
var parts = map[reflect.Type]any{
	reflect.TypeFor[api.FrontDesk]():        struct{ api.FrontDesk }{},
	reflect.TypeFor[api.Inbox]():            struct{ api.Inbox }{},
	reflect.TypeFor[api.Health]():           struct{ api.Health }{},
	reflect.TypeFor[api.IdempotencyStore](): struct{ api.IdempotencyStore }{},
	reflect.TypeFor[api.Accounts]():         struct{ accounts }{},
	reflect.TypeFor[api.Switchboard]():      struct{ api.Switchboard }{},
	reflect.TypeFor[api.Cashbox]():          struct{ api.Cashbox }{},
	reflect.TypeFor[api.Receipts]():         struct{ api.Receipts }{},
	reflect.TypeFor[api.BookingDesk]():      struct{ api.BookingDesk }{},
	reflect.TypeFor[api.RefundDesk]():       struct{ api.RefundDesk }{},
	reflect.TypeFor[api.PropertyDesk]():     struct{ api.PropertyDesk }{},
	reflect.TypeFor[api.CalendarDesk]():     struct{ api.CalendarDesk }{},
	reflect.TypeFor[api.Transcriber]():      struct{ api.Transcriber }{},
	reflect.TypeFor[api.PayDesk]():          struct{ api.PayDesk }{},
	reflect.TypeFor[api.ReservationDesk]():  struct{ api.ReservationDesk }{},
	reflect.TypeFor[api.PrivacyDesk]():      struct{ api.PrivacyDesk }{},
	reflect.TypeFor[api.CatalogueDesk]():    struct{ api.CatalogueDesk }{},
	reflect.TypeFor[api.DashboardDesk]():    struct{ api.DashboardDesk }{},
	reflect.TypeFor[api.Monitor]():          struct{ api.Monitor }{},
	reflect.TypeFor[api.LiveEvents]():       struct{ api.LiveEvents }{},
}
