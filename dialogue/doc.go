// Package dialogue is the guest's conversation, pure: it understands a message, decides one turn and words the reply. It has no
// clock, network or database of its own; what it needs to know about the business it asks [Facts] for. The same input always
// gives the same turn, so a turn can be stored, repeated and tested.
//
// [Take] answers a guest's message, [Resolve] words the outcome of an effect that a turn asked for, [Return] says that the bot is
// back after a person, [Compose] words the messages a booking sends by itself. What is said stands in one catalogue a language;
// the phrases that call for a person, an end of messages or a reassurance are lines of signs.txt. Replies are neutral ([Reply]); the WhatsApp gateway gives them their wire form. Every
// reply built here is inside the limits of the WhatsApp Cloud API.
package dialogue
