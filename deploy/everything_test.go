package deploy

import (
	"encoding/base64"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/api"
)

// everything fills in every part of the API that is not given with one that is there and never asked: routes of optional parts too.
func everything(t *testing.T, o api.Options) api.Options {
	t.Helper()
	value := reflect.ValueOf(&o).Elem()
	for i := range value.NumField() {
		field := value.Field(i)
		if field.Kind() == reflect.Interface && field.IsNil() {
			part, known := parts[field.Type()]
			require.True(t, known || field.Type().PkgPath() != "cabanas/api", "parts has one for %s, so that its routes are tried too", field.Type())
			if known {
				field.Set(reflect.ValueOf(part))
			}
		}
		if field.Kind() == reflect.Func && field.IsNil() && field.Type().NumOut() > 0 && value.Type().Field(i).Name == "Understand" {
			field.Set(reflect.MakeFunc(field.Type(), func([]reflect.Value) []reflect.Value { return []reflect.Value{reflect.Zero(field.Type().Out(0))} }))
		}
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

// nginxSettings are those of the compose file, as written there.
func nginxSettings(t *testing.T) map[string]string {
	t.Helper()
	project, _ := composed(t, "docker-compose.yml")
	settings := map[string]string{}
	for name, value := range project.Services["nginx"].Environment {
		settings[name] = *value
	}
	require.NotEmpty(t, settings)
	return settings
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}
