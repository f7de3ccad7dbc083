// Package speech stands in for a speech engine with OpenAI's transcription protocol: speaches under /speech/v1, the server of
// whisper.cpp under /speech/inference. It refuses what they refuse and answers in their forms.
//
// It hears nothing: it knows a few clips by heart and recognises them by how their loudness goes up and down, whatever they were
// converted to. To sound without speech it answers with the words that real engines invent there; to anything else with no words.
// It shares no code with the client it is used to test.
package speech
