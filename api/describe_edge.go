package api

import (
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// describeEdge writes into the description what the edge does around every operation: keys of repeatable writes and limits.
func describeEdge(description *huma.OpenAPI) {
	for _, op := range operationsOf(description) {
		if op.Method != http.MethodGet {
			// Every body is read before anybody looks at it, also where none is wanted.
			for _, status := range []int{http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType} {
				describeProblem(op, status)
			}
		}
		if repeatable(op) {
			describeKey(op)
			describeProblem(op, http.StatusConflict)
		}
		if class := classOf(op.Method, ginPath(op.Path)); class != "" {
			describeLimit(describeProblem(op, http.StatusTooManyRequests))
		}
	}
}

const keyDescription = "Any text that names this one attempt, such as a UUID. A repetition within 48 hours gets the first answer and changes " +
	"nothing; the same key with another request is 409 idempotency_conflict. Refusals are not kept."

func describeKey(op *huma.Operation) {
	for status, response := range op.Responses {
		if status[0] == '2' {
			addHeader(response, replayedHeader, "true when this is the stored answer of an earlier request.")
		}
	}
	for _, parameter := range op.Parameters {
		if parameter.In == "header" && parameter.Name == idempotencyHeader {
			parameter.Description = keyDescription
			return
		}
	}
	longest := longestKey
	op.Parameters = append(op.Parameters, &huma.Param{Name: idempotencyHeader, In: "header", Description: keyDescription,
		Schema: &huma.Schema{Type: huma.TypeString, MaxLength: &longest}})
}

func describeLimit(response *huma.Response) {
	addHeader(response, "Retry-After", "Seconds.")
	addHeader(response, "RateLimit-Policy", `Such as "public-read";q=60;w=60: so many requests in so many seconds. Also on other answers.`)
	addHeader(response, "RateLimit", `Such as "public-read";r=59;t=60: requests left at once, and the seconds until there is one more. Also on other answers.`)
}

// describeProblem is the response with that status, which is made when it is not there.
func describeProblem(op *huma.Operation, status int) *huma.Response {
	name := strconv.Itoa(status)
	response, described := op.Responses[name]
	if !described {
		response = &huma.Response{Description: http.StatusText(status), Content: map[string]*huma.MediaType{
			"application/problem+json": {Schema: &huma.Schema{Ref: "#/components/schemas/Problem"}}}}
		if op.Responses == nil {
			op.Responses = map[string]*huma.Response{}
		}
		op.Responses[name] = response
	}
	return response
}

func addHeader(response *huma.Response, name, description string) {
	if response.Headers == nil {
		response.Headers = map[string]*huma.Param{}
	}
	response.Headers[name] = &huma.Param{Schema: &huma.Schema{Type: huma.TypeString}, Description: description}
}

func operationsOf(description *huma.OpenAPI) []*huma.Operation {
	var all []*huma.Operation
	for _, item := range description.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil {
				all = append(all, op)
			}
		}
	}
	return all
}
