package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"cabanas/booking"
	"cabanas/internal/accounts"
	"cabanas/internal/config"
	"cabanas/store/postgres"
)

// runAdmin makes accounts of staff, or lets one in again with a new password: opened, without second factor, its sessions
// ended, with another role when --role is given. The password is read from standard input and never shown.
func runAdmin(ctx context.Context, args []string) error {
	if len(args) == 0 || !slices.Contains([]string{"create", "reset"}, args[0]) {
		return errors.New("admin wants create or reset")
	}
	set := flags("admin " + args[0])
	email := set.String("email", "", "e-mail address of the account")
	role := set.String("role", "", "owner, staff or readonly (create: owner; reset: as it is)")
	if err := set.Parse(args[1:]); err != nil {
		return err
	}
	address, err := accounts.CanonicalEmail(*email)
	if err != nil {
		return fmt.Errorf("--email: %q is not an e-mail address", *email)
	}
	if *role == "" && args[0] == "create" {
		*role = string(accounts.Owner)
	}
	if *role != "" && !slices.Contains(accounts.Roles, *role) {
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
	by := postgres.Author{Kind: "command"}
	if args[0] == "reset" {
		return store.ResetUser(ctx, address, *role, hash, by, time.Now())
	}
	_, err = store.CreateUser(ctx, postgres.User{Email: address, Role: *role, PasswordHash: hash}, by, time.Now())
	if booking.IsCode(err, booking.CodeDuplicate) {
		return errors.New("there is an account with this address; admin reset gives it a new password")
	}
	return err
}

func readPassword() (string, error) {
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	password := strings.TrimRight(line, "\r\n")
	if password == "" {
		return "", errors.Join(errors.New("no password on standard input"), err)
	}
	return password, nil
}
