package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cabanas/dialogue"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// Mailbox writes a mail beside a notice and has it sent. A nil Mailbox writes none.
type Mailbox struct {
	Store interface {
		QueueMail(ctx context.Context, mail postgres.NewMail, now time.Time) (int64, bool, error)
	}
	// Start sends a stored mail; it may be repeated.
	Start interface {
		Mail(ctx context.Context, mailID int64) error
	}
	// ToOwner says whether the owner has an address.
	ToOwner bool
	// WhatsApp is the digits of our number, to which mails send back; empty says nothing of it.
	WhatsApp string
	Now      func() time.Time
}

// mailed are the notices to guests that are also mailed, to those who gave an address: what people keep, or need when they
// have no WhatsApp at hand.
var mailed = map[workflows.NoticeKind]bool{
	workflows.NoticeConfirmed: true, workflows.NoticeLateConfirmed: true, workflows.NoticeHalfTime: true, workflows.NoticeExpired: true,
	workflows.NoticeCancelled: true, workflows.NoticeArrival: true, workflows.NoticeBalanceLink: true, workflows.NoticeBalanceReminder: true,
	workflows.NoticeAlternative: true, workflows.NoticeTransferReminder: true, workflows.NoticeShort: true,
	workflows.NoticeStayChanged: true, workflows.NoticeReceipt: true, workflows.NoticeLateRefund: true, workflows.NoticeRefundSent: true, workflows.NoticeRefundDone: true,
}

// confirming are the notices whose mail carries the stay as a calendar file, and the receipts there are.
var confirming = map[workflows.NoticeKind]bool{workflows.NoticeConfirmed: true, workflows.NoticeLateConfirmed: true, workflows.NoticeStayChanged: true}

// about says what an alarm is about: its kind, and a guest and a reservation, if there are.
type about struct {
	kind  workflows.NoticeKind
	guest int64
	code  string
}

// alarm mails a notice to the owner, once per key.
func (m *Mailbox) alarm(ctx context.Context, key string, of about, words dialogue.Reply) error {
	if m == nil || !m.ToOwner {
		return nil
	}
	return m.post(ctx, postgres.NewMail{Key: key, Owner: true, Kind: string(of.kind), GuestID: of.guest, Code: of.code}, dialogue.MailToOwner(words))
}

// tell mails a notice to the guest, once per key; receipts are the numbers of those to go with it.
func (m *Mailbox) tell(ctx context.Context, in workflows.NoticeInput, guest postgres.Guest, notice dialogue.Notice, words dialogue.Reply, receipts []string) error {
	return m.post(ctx, postgres.NewMail{
		Key: noticeKey(in), Kind: string(in.Kind), GuestID: guest.ID, Code: in.Code, Unasked: unasked[in.Kind],
		Receipts: receipts, OnlyReceipts: in.Kind == workflows.NoticeReceipt,
	}, dialogue.MailToGuest(notice, words, m.WhatsApp))
}

func (m *Mailbox) post(ctx context.Context, mail postgres.NewMail, words dialogue.Mail) error {
	content, err := json.Marshal(words)
	if err != nil {
		return fmt.Errorf("encode mail: %w", err)
	}
	mail.Content, mail.TraceID = content, observe.Trace(ctx)
	id, waits, err := m.Store.QueueMail(ctx, mail, m.Now())
	if err != nil || !waits {
		return err
	}
	return m.Start.Mail(ctx, id)
}

// mailNotice mails a notice that was just worded, to whomever it is for.
func (a *Messaging) mailNotice(ctx context.Context, in workflows.NoticeInput, guest postgres.Guest, notice dialogue.Notice, words dialogue.Reply) error {
	switch {
	case a.Mailbox == nil:
		return nil
	case toOwner(in.Kind):
		return a.Mailbox.alarm(ctx, noticeKey(in), about{kind: in.Kind, guest: guest.ID, code: in.Code}, words)
	case guest.Email == "" || !mailed[in.Kind]:
		return nil
	}
	var receipts []string
	switch {
	case in.Kind == workflows.NoticeReceipt:
		receipts = []string{in.Suffix}
	case confirming[in.Kind]:
		issued, err := a.Store.IssueReceipts(ctx, in.Code, a.Now())
		if err != nil {
			return err
		}
		for _, receipt := range issued {
			receipts = append(receipts, receipt.Number)
		}
	}
	return a.Mailbox.tell(ctx, in, guest, notice, words, receipts)
}
