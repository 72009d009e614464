package bench

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"touyan.dev/touyan/kernel/fault"
)

// Server holds databases made for a measurement.
type Server struct {
	URLs []string // of the databases
	base string
	made []string
}

// NewServer makes n empty databases on a server; "" is the one that the tests
// start (kernel/store/storetest).
func NewServer(ctx context.Context, base string, n int) (*Server, error) {
	if base == "" {
		dir := filepath.Join(os.TempDir(), fmt.Sprintf("touyan-test-postgres-%d", os.Getuid()))
		base = "postgres://touyan@/postgres?host=" + dir + "&sslmode=disable"
	}
	if !strings.Contains(base, "/postgres?") {
		return nil, fault.New(fault.Invalid, "bench.NewServer", "地址须指向 postgres 库并带参数,如 postgres://用户@主机/postgres?sslmode=disable。",
			"The URL must name the database postgres and have a query, as in postgres://user@host/postgres?sslmode=disable.")
	}
	conn, err := pgx.Connect(ctx, base)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "bench.NewServer", "PostgreSQL 没有应答;可运行任一存储测试启动测试用服务器,或给出 --postgres。",
			"PostgreSQL does not answer; run any store test to start the tests' server, or give --postgres.")
	}
	defer conn.Close(ctx)
	s := &Server{base: base}
	for range n {
		name := "bench" + suffix()
		if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.made = append(s.made, name)
		s.URLs = append(s.URLs, strings.Replace(base, "/postgres?", "/"+name+"?", 1))
	}
	return s, nil
}

// Close drops the databases.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.base)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, name := range s.made {
		_, derr := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		err = errors.Join(err, derr)
	}
	return err
}

func suffix() string {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
