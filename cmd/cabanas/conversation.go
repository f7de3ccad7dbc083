package main

import (
	"fmt"
	"time"

	"cabanas/activities"
	"cabanas/gateways/llm"
	"cabanas/gateways/transcription"
)

func (a *app) conversation() (*activities.Conversation, error) {
	conversation := &activities.Conversation{
		Store: a.store, Desk: a.desk(), Bookings: a.processes, Refunds: a.processes, OwnerPhone: a.config.Owner.WhatsApp, Mailbox: a.mailbox(),
		TakeoverReturn: a.config.Dialogue.TakeoverReturn, Listening: a.config.Whisper.APIURL != nil, Now: time.Now,
	}
	conversation.Money = &activities.ConversationMoney{
		Cashbox:  &activities.Cashbox{Store: a.store, Processes: a.processes, OwnerPhone: a.config.Owner.WhatsApp, Mailbox: a.mailbox(), Now: time.Now},
		Receipts: a.store, ReceiptBase: a.config.BaseURL, Transfers: a.processes,
	}
	settings := a.config.LLM
	if settings.APIURL == nil {
		return conversation, nil
	}
	model, err := llm.New(llm.Options{
		URL: settings.APIURL.String(), Model: settings.Model, Key: settings.APIKey.Reveal(), Timeout: settings.Timeout,
		Intents: activities.ProposedIntents,
	})
	if err != nil {
		return nil, fmt.Errorf("LLM_API_URL: %w", err)
	}
	conversation.Proposer = &activities.LanguageModel{Client: model}
	return conversation, nil
}

// listener hears voice messages; nil when no speech service is set.
func (a *app) listener() (*transcription.Listener, error) {
	whisper := a.config.Whisper
	if whisper.APIURL == nil {
		return nil, nil
	}
	engine, err := transcription.New(transcription.Options{URL: whisper.APIURL.String(), Model: whisper.Model, Key: whisper.APIKey.Reveal()})
	if err != nil {
		return nil, fmt.Errorf("WHISPER_API_URL: %w", err)
	}
	return &transcription.Listener{Engine: engine, Original: whisper.Input == "original", MinConfidence: whisper.MinConfidence}, nil
}
