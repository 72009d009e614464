package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"touyan.dev/touyan/kernel/fault"
)

// vaultFile is the key's file, beside the signing key.
const vaultFile = "secrets.key"

// Vault seals small secrets for the database (AES-256-GCM): whoever copies the
// database, or a backup of it, without the directory of keys cannot read them.
type Vault struct{ aead cipher.AEAD }

// OpenVault reads the key from the directory of keys, or makes one there.
// Replicas share it as they share the signing key. Without the key that sealed
// them, codes cannot be checked: the file belongs into the backup of the keys.
func OpenVault(dir string) (*Vault, error) {
	path := filepath.Join(dir, vaultFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if text, err = makeVaultKey(dir, path); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, fault.Wrap("auth.OpenVault", err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != 32 {
		return nil, fault.New(fault.Unavailable, "auth.OpenVault", "动态口令的密钥文件已损坏，请从密钥备份中恢复："+path, "The key that seals one-time codes is damaged; bring it back from the backup of the keys: "+path)
	}
	return NewVault([32]byte(key))
}

// makeVaultKey writes a new key durably, unless another process came first.
func makeVaultKey(dir, path string) ([]byte, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fault.Wrap("auth.OpenVault", err)
	}
	var key [32]byte
	if _, err := rand.Read(key[:]); err != nil {
		return nil, fault.Wrap("auth.OpenVault", err)
	}
	part, err := os.CreateTemp(dir, "."+vaultFile+"-*") // of mode 0600
	if err != nil {
		return nil, fault.Wrap("auth.OpenVault", err)
	}
	defer os.Remove(part.Name())
	_, err = part.WriteString(base64.StdEncoding.EncodeToString(key[:]) + "\n")
	if err = errors.Join(err, part.Sync(), part.Close()); err != nil {
		return nil, fault.Wrap("auth.OpenVault", err)
	}
	if err := os.Link(part.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) { // never over another's
		return nil, fault.Wrap("auth.OpenVault", err)
	}
	d, err := os.Open(dir)
	if err != nil {
		return nil, fault.Wrap("auth.OpenVault", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return nil, fault.Wrap("auth.OpenVault", err)
	}
	return os.ReadFile(path)
}

// NewVault makes a vault of a key.
func NewVault(key [32]byte) (*Vault, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fault.Wrap("auth.NewVault", err)
	}
	aead, err := cipher.NewGCM(block)
	return &Vault{aead}, fault.Wrap("auth.NewVault", err)
}

// Seal encrypts a secret for one use, which Open must name again.
func (v *Vault) Seal(use string, secret []byte) ([]byte, error) {
	nonce := make([]byte, v.aead.NonceSize(), v.aead.NonceSize()+len(secret)+v.aead.Overhead())
	if _, err := rand.Read(nonce); err != nil {
		return nil, fault.Wrap("auth.Seal", err)
	}
	return v.aead.Seal(nonce, nonce, secret, []byte(use)), nil
}

// Open gives what Seal sealed for the use; false when it was sealed with another
// key or for another use, or was changed.
func (v *Vault) Open(use string, sealed []byte) ([]byte, bool) {
	n := v.aead.NonceSize()
	if len(sealed) < n {
		return nil, false
	}
	secret, err := v.aead.Open(nil, sealed[:n], sealed[n:], []byte(use))
	return secret, err == nil
}
