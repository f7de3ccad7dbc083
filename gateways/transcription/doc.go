// Package transcription hears what is said in a sound file: it brings the file into the form that speech engines read, asks one
// that speaks OpenAI's protocol, and judges the answer, because engines invent words where nobody speaks.
//
// A [Listener] does all of it. Its parts: [FFmpeg] converts, [Client] asks the engine (speaches and the server of whisper.cpp
// both work), and the guards of guards.go drop what was not said.
//
// An [Error] carries one of a closed set of reasons and says whether the same file may be tried again. Nothing in it is of what
// was said.
package transcription
