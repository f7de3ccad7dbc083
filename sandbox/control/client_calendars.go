package control

import (
	"context"
	"net/http"
	"net/url"
)

// AddListing adds a listing to a channel, or replaces its settings, and returns it with its FeedURL.
func (c *Client) AddListing(ctx context.Context, l ChannelListing) (ChannelListing, error) {
	var got ChannelListing
	return got, c.call(ctx, http.MethodPost, "/control/channels/listings", l, &got)
}

// Listing returns the truth about a listing.
func (c *Client) Listing(ctx context.Context, channel, listing string) (ChannelState, error) {
	var got ChannelState
	return got, c.call(ctx, http.MethodGet, listingPath(channel, listing), nil, &got)
}

// Listings returns the truth about every listing of a channel, in the order they were added; an empty channel means all.
func (c *Client) Listings(ctx context.Context, channel string) ([]ChannelState, error) {
	path := "/control/channels/listings"
	if channel != "" {
		path += "?" + url.Values{"channel": {channel}}.Encode()
	}
	var got struct{ Listings []ChannelState }
	return got.Listings, c.call(ctx, http.MethodGet, path, nil, &got)
}

// RemoveListing takes a listing off its channel with all its bookings; its feed is then not found.
func (c *Client) RemoveListing(ctx context.Context, channel, listing string) error {
	return c.call(ctx, http.MethodDelete, listingPath(channel, listing), nil, nil)
}

// Sell books a stay on a channel, or closes nights there. It is an Error with status 409 when the channel knows a night as closed.
func (c *Client) Sell(ctx context.Context, b ChannelStay) (ChannelStay, error) {
	var got ChannelStay
	return got, c.call(ctx, http.MethodPost, "/control/channels/bookings", b, &got)
}

// ChangeBooking moves a booking on its channel, under the same rules.
func (c *Client) ChangeBooking(ctx context.Context, id string, change ChannelStayChange) (ChannelStay, error) {
	var got ChannelStay
	return got, c.call(ctx, http.MethodPatch, "/control/channels/bookings/"+url.PathEscape(id), change, &got)
}

// CancelBooking cancels a booking on its channel: its event vanishes from the feed.
func (c *Client) CancelBooking(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, "/control/channels/bookings/"+url.PathEscape(id), nil, nil)
}

// Pull makes a channel import our calendar now. A refused import is no error: ChannelPull.Refused names the reason.
func (c *Client) Pull(ctx context.Context, channel, listing string) (ChannelPull, error) {
	var got ChannelPull
	return got, c.call(ctx, http.MethodPost, "/control/channels/pull", map[string]string{"channel": channel, "listing": listing}, &got)
}

// SetChannelDay sets the day that a channel lives in ("2027-01-10"), where it stays until it is set again; an empty channel means
// all, an empty day follows the sandbox's clock again. It returns the days of all channels.
func (c *Client) SetChannelDay(ctx context.Context, channel, today string) (map[string]string, error) {
	var got struct{ Today map[string]string }
	in := map[string]string{"channel": channel, "today": today}
	return got.Today, c.call(ctx, http.MethodPost, "/control/channels/clock", in, &got)
}

// SetChannelFaults switches faults; fields left nil stay as they are.
func (c *Client) SetChannelFaults(ctx context.Context, f ChannelFaults) error {
	return c.call(ctx, http.MethodPost, "/control/channels/faults", f, nil)
}

// ClearChannelFaults switches all faults of a channel off; an empty channel means all.
func (c *Client) ClearChannelFaults(ctx context.Context, channel string) error {
	path := "/control/channels/faults"
	if channel != "" {
		path += "?" + url.Values{"channel": {channel}}.Encode()
	}
	return c.call(ctx, http.MethodDelete, path, nil, nil)
}

func listingPath(channel, listing string) string {
	return "/control/channels/listings/" + url.PathEscape(channel) + "/" + url.PathEscape(listing)
}
