// Package auth knows who people are, and is the one point that says what they
// may do.
//
// Who: the directory (组织与人员) of units, people and posts. A post gives a
// person a duty in a unit from one day to another; a citizen is a person
// without a post. Decisions read an immutable Directory; the Book holds the
// newest. Accounts keeps passwords (argon2id, RFC 9106) and sessions.
//
// May: Rules are Cedar policies kept as text beside each domain. Require gives
// the verdict on one resource, Scope the SQL predicate of the same policies for
// lists; both come from the same parsed text. Deny by default, forbid wins, and
// every refusal names the policy that ruled and says who may. Grants are rows
// (posts) and reach the policies as attributes of the principal; a policy that
// names a person is refused when rules load.
//
// For: a Delegation lends posts to another for some time; the rules are then asked
// a second time, with the giver's posts, and the verdict names him.
//
// A writer asks for a verdict inside its change, by the snapshot it was handed,
// and checks there that the snapshot is not older than the group it decides in:
//
//	Load:   auth.LoadVersion(g)
//	Decide: if err := auth.Current(g, dir); err != nil { return err }
//	        if _, err := rules.Require(dir, who, "matter.act", res); err != nil { return err }
//
// and hands the change to Book.Write, which refreshes the book and makes the
// change again when the directory has moved on.
//
// What it never does: log a name or a login, keep a password or a token, or
// hold truth in memory that is not in the database.
package auth

import (
	"embed"
	"io/fs"
)

//go:embed migrations/*.sql
var migrations embed.FS

//go:embed policies/directory.cedar
var directoryPolicies string

// Migrations gives the tables of the directory, accounts and sessions.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic("auth: " + err.Error())
	}
	return sub
}

// Policies gives the rules of directory administration, for NewRules.
func Policies() Source {
	return Source{Name: "kernel/auth/policies/directory.cedar", Text: directoryPolicies}
}
