// Package llm asks a language model behind an OpenAI-compatible chat endpoint how a guest's message is meant. What comes back is
// a proposal: it is read strictly into a closed form, everything else of the answer is dropped, and the caller holds it against
// its own rules. The model is given the text and today's date, nothing of who wrote it.
//
// A request is made once and has a time limit; an [Error] carries one of a closed set of reasons and nothing of what was said.
package llm
