package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/mail"
	"os"
	"slices"
	"strings"

	"cabanas/internal/accounts"
	"cabanas/internal/config"
	"cabanas/store/postgres"
)

// runAdmin makes accounts of staff, or gives one a new password, which is read from standard input and never shown.
func runAdmin(ctx context.Context, args []string) error {
	if len(args) == 0 || !slices.Contains([]string{"create", "reset"}, args[0]) {
		return errors.New("admin wants create or reset")
	}
	set := flags("admin " + args[0])
	email := set.String("email", "", "e-mail address of the account")
	role := set.String("role", "owner", "owner, staff or readonly")
	if err := set.Parse(args[1:]); err != nil {
		return err
	}
	address, err := mail.ParseAddress(*email)
	if err != nil {
		return fmt.Errorf("--email: %q is not an e-mail address", *email)
	}
	if !slices.Contains(accounts.Roles, *role) {
		return fmt.Errorf("--role: want one of %s", strings.Join(accounts.Roles, ", "))
	}
	password, err := readPassword()
	if err != nil {
		return err
	}
	hash, err := accounts.HashPassword(password)
	if err != nil {
		return err
	}
	cfg, err := config.LoadOnly(os.Getenv, "DATABASE_URL")
	if err != nil {
		return err
	}
	store, err := postgres.Open(ctx, cfg.DatabaseURL.Reveal(), 2)
	if err != nil {
		return err
	}
	defer store.Close()
	if args[0] == "reset" {
		return store.ResetUserPassword(ctx, address.Address, hash)
	}
	return store.CreateUser(ctx, postgres.User{Email: address.Address, Role: *role, PasswordHash: hash})
}

func readPassword() (string, error) {
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	password := strings.TrimRight(line, "\r\n")
	if password == "" {
		return "", errors.Join(errors.New("no password on standard input"), err)
	}
	return password, nil
}
