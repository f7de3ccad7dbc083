package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"cabanas/sandbox/control"
)

// show writes a message as the script does.
func (c calendar) show(receiver string, m control.Message) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	text := strings.ReplaceAll(c.mask(m.Text), "\n", "\n   ")
	switch {
	case m.Tpl != nil:
		text = fmt.Sprintf("(plantilla %s/%s) %s", m.Tpl.Name, m.Tpl.Language, c.mask(strings.Join(m.Tpl.Params, " | ")))
	case m.Kind == "image":
		text = "(foto) " + text
	case m.Place != nil:
		text = "(ubicación) " + m.Place.Name
	}
	if m.Header != "" {
		text = c.mask(m.Header) + "\n   " + text
	}
	line("%s> %s", receiver, strings.ReplaceAll(text, "\n   \n", "\n   .\n"))
	if m.Footer != "" {
		line("   %s", c.mask(m.Footer))
	}
	var titles []string
	for _, choice := range m.Buttons {
		titles = append(titles, "["+c.mask(choice.Title)+"]")
	}
	if len(titles) > 0 {
		line("   %s", strings.Join(titles, " "))
	}
	for _, row := range m.List.Rows() {
		line("   - [%s] %s", c.mask(row.Title), c.mask(row.Description))
	}
	if m.CTA != nil {
		line("   <%s>", m.CTA.Text)
	}
	return b.String()
}

// database tells what is stored about the guests of this conversation, once nothing is under way any more.
func (p *stage) database(at, want string) string {
	var got string
	p.s.eventually(p.t, patience, at, func(ctx context.Context) (err error) {
		if got, err = p.stored(ctx); err != nil {
			return err
		}
		if !*updateTranscripts && got != want {
			return fmt.Errorf("stored is\n%sand not\n%s", got, want)
		}
		return nil
	})
	return got
}

func (p *stage) stored(ctx context.Context) (string, error) {
	var b strings.Builder
	for _, actor := range []string{"G", "G2"} {
		g, here := p.guests[actor]
		if !here {
			continue
		}
		if err := p.storedOf(ctx, &b, actor, canonical(g.Number)); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

func (p *stage) storedOf(ctx context.Context, b *strings.Builder, actor, phone string) error {
	rows, err := p.s.db.Query(ctx, `SELECT format('%s, %s: %s, %s a %s, %s personas, total %s, pagado %s', r.reservation_status, r.payment_status,
			a.name, r.check_in, r.check_out, r.guests, r.total_centavos / 100, r.paid_centavos / 100)
		FROM reservations r JOIN guests g ON g.id = r.guest_id JOIN accommodations a ON a.id = r.accommodation_id
		WHERE g.phone = $1 ORDER BY r.id`, phone)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		fmt.Fprintf(b, "| %s %s\n", actor, p.days.mask(line))
	}
	if err := rows.Err(); err != nil {
		return err
	}
	var received, turns, sent, unsent int
	var handedOver bool
	err = p.s.db.QueryRow(ctx, `SELECT c.handed_over,
			count(*) FILTER (WHERE m.direction = 'in'), count(t.id),
			count(*) FILTER (WHERE m.direction = 'out' AND m.status IN ('sent', 'delivered', 'read')),
			count(*) FILTER (WHERE m.direction = 'out' AND m.status NOT IN ('sent', 'delivered', 'read'))
		FROM guests g JOIN conversations c ON c.guest_id = g.id JOIN messages m ON m.guest_id = g.id LEFT JOIN turns t ON t.message_id = m.id
		WHERE g.phone = $1 GROUP BY c.handed_over`, phone).Scan(&handedOver, &received, &turns, &sent, &unsent)
	if err != nil {
		return err
	}
	if received != turns {
		return errors.New("a message has no turn yet")
	}
	speaks := "answers"
	if handedOver {
		speaks = "is silent: a person has taken over"
	}
	fmt.Fprintf(b, "| %s wrote %d messages, each has its turn; %d sent, %d not; the bot %s\n", actor, received, sent, unsent, speaks)
	return nil
}
