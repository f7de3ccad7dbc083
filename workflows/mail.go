package workflows

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// MailInput names a stored mail.
type MailInput struct {
	MailID int64 `json:"mail_id"`
}

// MailActivities send e-mails.
type MailActivities interface {
	// SendMail hands a stored mail to the relay. It ends by itself, without an error, when a mail is not worth sending any more.
	SendMail(context.Context, MailInput) (Done, error)
}

var sendMail = activity[MailInput, Done]{"SendMail"}

const mailPrefix = "mail/"

// MailID returns the workflow id that sends a mail.
func MailID(mailID int64) string { return fmt.Sprintf("%s%d", mailPrefix, mailID) }

// Mail sends one stored mail: apart from the messages of WhatsApp, so that neither way holds up or repeats the other.
func Mail(ctx workflow.Context, in MailInput) error {
	_, err := sendMail.run(mailStep(ctx), in)
	return err
}

// priorityMail comes after answers and before reminders.
const priorityMail = 2

// mailStep has no end of its own: the activity knows how old the mail is.
func mailStep(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           QueueMessaging,
		StartToCloseTimeout: 90 * time.Second,
		RetryPolicy:         retryUpTo(5 * time.Minute),
		Summary:             "mail",
		Priority:            temporal.Priority{PriorityKey: priorityMail},
	})
}
