// Package email hands mails to an SMTP relay.
package email
