package docket

import (
	"context"

	"touyan.dev/touyan/kernel/attach"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/web"
)

// attachment is a file as screens show it.
type attachment struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	Type    string `json:"type"`
	Size    int64  `json:"size"`
	Digest  string `json:"digest" doc:"SHA-256; empty once it is erased"`
	Added   string `json:"added"`
	By      named  `json:"by"`
	Erased  bool   `json:"erased"`
	Preview string `json:"preview" enum:"picture,text,none"`
}

type attachmentList struct {
	Items []attachment `json:"items"`
}

// uploaded is the answer to an upload: what a form's field for files holds is the
// digest.
type uploaded struct {
	Digest string `json:"digest"`
	Name   string `json:"name"`
	Type   string `json:"type"`
	Size   int64  `json:"size"`
}

// excerpt is the text of a document, as its preview.
type excerpt struct {
	Text string `json:"text"`
	Cut  bool   `json:"cut" doc:"there is more; download the file"`
}

// excerptMost is how much of a document's text a preview shows.
const excerptMost = 20_000

// sealedFile is a file that is downloaded: no browser runs anything in it.
type sealedFile struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Policy      string `header:"Content-Security-Policy"`
	Body        []byte
}

// noContent forbids a browser to do anything with what it was sent but to show it.
const noContent = "sandbox; default-src 'none'"

func (o *Office) registerAttachments(s *web.Server) {
	up := post("/api/attachments", "attachment-upload", "Upload a file, to be named in a form or bound to a matter or an instruction within a day")
	up.Binary, up.Keyless, up.MaxBody = true, true, attach.MaxFile+1
	web.Register(s, up, func(ctx context.Context, in *struct {
		Name    string `query:"name" required:"true" minLength:"1" maxLength:"400" doc:"the file's name, with its ending"`
		RawBody []byte `contentType:"application/octet-stream"`
	}) (*out[uploaded], error) {
		u, err := o.Files.Upload(ctx, web.Who(ctx), in.Name, in.RawBody)
		return reply(uploaded{u.Digest.String(), u.Name, u.Type, u.Size}, err)
	})
	web.Register(s, post("/api/attachments/bind", "attachment-bind", "Bind uploaded files to a matter or an instruction"), func(ctx context.Context, in *struct {
		Body struct {
			Subject int64    `json:"subject" minimum:"0"`
			Files   []string `json:"files" minItems:"1" maxItems:"50" doc:"digests, as the uploads gave them"`
		}
	}) (*out[attachmentList], error) {
		digests, err := digestsOf(in.Body.Files)
		if err != nil {
			return nil, err
		}
		if _, err := o.Files.Bind(ctx, web.Who(ctx), in.Body.Subject, digests, web.Key(ctx)); err != nil {
			return nil, err
		}
		return reply(o.attachmentList(ctx, web.Who(ctx), in.Body.Subject))
	})
	web.Register(s, get("/api/attachments", "attachments", "The files of a matter or an instruction"), func(ctx context.Context, in *struct {
		Subject int64 `query:"subject" required:"true" minimum:"0"`
	}) (*out[attachmentList], error) {
		return reply(o.attachmentList(ctx, web.Who(ctx), in.Subject))
	})
	web.Register(s, reads(get("/api/attachments/{id}/content", "attachment-content", "A file, for download"), "attachment"), func(ctx context.Context, in *ByID) (*sealedFile, error) {
		a, data, err := o.Files.Open(ctx, web.Who(ctx), in.ID)
		if err != nil {
			return nil, err
		}
		return &sealedFile{Type: a.Type, Disposition: web.SaveAs("file", a.Name), Policy: noContent, Body: data}, nil
	})
	web.Register(s, reads(get("/api/attachments/{id}/picture", "attachment-picture", "A picture scaled down and encoded anew, without place or camera"), "attachment"), func(ctx context.Context, in *ByID) (*sealedFile, error) {
		data, err := o.Files.Picture(ctx, web.Who(ctx), in.ID)
		if err != nil {
			return nil, err
		}
		return &sealedFile{Type: "image/jpeg", Disposition: "inline", Policy: noContent, Body: data}, nil
	})
	web.Register(s, reads(get("/api/attachments/{id}/text", "attachment-text", "The text of a document"), "attachment"), func(ctx context.Context, in *ByID) (*out[excerpt], error) {
		text, err := o.Files.Text(ctx, web.Who(ctx), in.ID)
		if err != nil {
			return nil, err
		}
		if runes := []rune(text); len(runes) > excerptMost {
			return reply(excerpt{string(runes[:excerptMost]), true}, nil)
		}
		return reply(excerpt{text, false}, nil)
	})
}

func digestsOf(texts []string) ([]attach.Digest, error) {
	out := make([]attach.Digest, 0, len(texts))
	for _, text := range texts {
		d, ok := attach.ParseDigest(text)
		if !ok {
			return nil, fault.At("docket.digestsOf", "files", "附件标识有误，请重新选择文件。", "A file's digest is malformed; choose the file again.")
		}
		out = append(out, d)
	}
	return out, nil
}

func (o *Office) attachmentList(ctx context.Context, who auth.Principal, subject int64) (attachmentList, error) {
	all, err := o.Files.List(ctx, who, subject)
	got := attachmentList{Items: []attachment{}}
	v := o.view(who)
	for _, a := range all {
		got.Items = append(got.Items, v.attachment(a))
	}
	return got, err
}

func (v view) attachment(a attach.Attachment) attachment {
	got := attachment{ID: a.ID, Name: a.Name, Type: a.Type, Size: a.Size, Added: at(a.Added), By: named{a.Person, v.person(a.Person)}, Erased: a.Erased, Preview: a.Preview()}
	if !a.Erased {
		got.Digest = a.Digest.String()
	}
	return got
}
