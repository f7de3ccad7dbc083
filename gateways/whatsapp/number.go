package whatsapp

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"cabanas/gateways/internal/exchange"
)

// Number is what Meta says about the number that the client sends from.
type Number struct {
	// Name is the business's, as people see it; empty until Meta has approved one.
	Name string
	// Quality is GREEN, YELLOW, RED or UNKNOWN.
	Quality string
}

// Number asks Meta about the number: that it answers shows that address, version, token and number go together. The error is
// always an [Error]. The fields are those of the Graph API's WhatsApp business phone number node.
func (c *Client) Number(ctx context.Context) (Number, error) {
	const operation = "read number"
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	address := strings.TrimSuffix(c.endpoint, "/messages") + "?" + url.Values{"fields": {"verified_name,quality_rating"}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Number{}, &Error{Operation: operation, Reason: ReasonNotSent, Cause: exchange.WithoutAddress(err)}
	}
	answer, _, err := c.ask(operation, request)
	if err != nil {
		return Number{}, err
	}
	return Number{Name: answer.Text("verified_name"), Quality: answer.Text("quality_rating")}, nil
}
