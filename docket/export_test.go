package docket

import (
	"context"

	"touyan.dev/touyan/kernel/auth"
)

// ProcessPage is what /api/process answers.
func (o *Office) ProcessPage(ctx context.Context, who auth.Principal, kind string) (processPage, error) {
	return o.process(ctx, who, kind, "", "")
}
