// Command oidc runs a real provider of OpenID Connect (zitadel's example server)
// for walks: two users, test-user@localhost and test-user2, whose password is
// "verysecure". It is a module of its own because its dependencies are none of
// the program's.
//
//	go run . -listen localhost:9998 -redirect http://127.0.0.1:8080/api/oidc/callback
package main

import (
	"context"
	"flag"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// What the program is registered under.
const (
	clientID = "touyan"
	secret   = "a-secret-of-the-test"
)

// handler makes a provider with keys of its own: another one at the same address
// is one whose keys were replaced.
func handler(issuer string, redirects ...string) http.Handler {
	storage.RegisterClients(storage.WebClient(clientID, secret, redirects...))
	return exampleop.SetupServer(issuer, registered{storage.NewStorage(storage.NewUserStore(issuer))}, nil, false)
}

// registered lets people who sign out come back to the program's sign-in page; the
// example has no place to register that.
type registered struct{ *storage.Storage }

func (r registered) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	c, err := r.Storage.GetClientByClientID(ctx, id)
	if err != nil {
		return nil, err
	}
	return leaver{c}, nil
}

type leaver struct{ op.Client }

func (l leaver) PostLogoutRedirectURIs() []string {
	var out []string
	for _, uri := range l.RedirectURIs() {
		out = append(out, strings.TrimSuffix(uri, "/api/oidc/callback")+"/login")
	}
	return out
}

func main() {
	listen := flag.String("listen", "localhost:9998", "address, which is the issuer too")
	redirect := flag.String("redirect", "http://127.0.0.1:8080/api/oidc/callback", "where people are sent back")
	flag.Parse()
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	issuer := "http://" + *listen + "/"
	log.Printf("issuer %s, client %s, secret %s", issuer, clientID, secret)
	server := &http.Server{Handler: handler(issuer, *redirect), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.Serve(l))
}
