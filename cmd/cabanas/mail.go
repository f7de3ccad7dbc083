package main

import (
	"fmt"
	"strings"
	"time"

	"cabanas/activities"
	"cabanas/gateways/email"
	"cabanas/internal/config"
)

// implicitTLSPort is where relays speak TLS from the first byte (RFC 8314).
const implicitTLSPort = 465

// mailbox writes mails beside notices; nil when there is no relay to send them.
func (a *app) mailbox() *activities.Mailbox {
	if a.config.SMTP.Host == "" {
		return nil
	}
	return &activities.Mailbox{
		Store: a.store, Start: a.processes, ToOwner: a.config.Owner.Email != "",
		WhatsApp: strings.TrimPrefix(a.config.WhatsApp.PublicNumber, "+"), Now: time.Now,
	}
}

func (a *app) mails() (*activities.Mails, error) {
	mails := &activities.Mails{
		Store: a.store, OwnerEmail: a.config.Owner.Email, Domain: a.config.BaseURL.Hostname(), From: a.config.SMTP.From, Metrics: a.metrics, Now: time.Now,
	}
	if a.config.SMTP.Host == "" {
		return mails, nil
	}
	relay, err := relayOf(a.config.SMTP)
	if err != nil {
		return nil, err
	}
	mails.Relay = relay
	return mails, nil
}

func relayOf(settings config.SMTP) (*email.Client, error) {
	security := email.StartTLS
	switch {
	case !settings.UseTLS:
		security = email.None
	case settings.Port == implicitTLSPort:
		security = email.TLS
	}
	relay, err := email.New(email.Options{
		Host: settings.Host, Port: settings.Port, Security: security, User: settings.User, Pass: settings.Pass.Reveal(), From: settings.From,
	})
	if err != nil {
		return nil, fmt.Errorf("SMTP_HOST: %w", err)
	}
	return relay, nil
}
