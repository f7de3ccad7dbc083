package accounts

import (
	"context"
	"errors"

	"cabanas/booking"
	"cabanas/store/postgres"
)

// ChangePassword gives the member's account a new password and ends its other sessions. A wrong old one is
// [CodeWrongProof] and counts as a failed try.
func (d *Desk) ChangePassword(ctx context.Context, m Member, address, oldPassword, newPassword string) error {
	user, err := d.prove(ctx, m, address, oldPassword)
	if err != nil {
		return err
	}
	hash, err := d.hash(ctx, newPassword)
	if err != nil {
		return err
	}
	changed, err := d.store.ChangePassword(ctx, m.UserID, user.PasswordHash, hash, m.SessionID, author(ctx, m.UserID), d.now())
	if err == nil && !changed {
		err = errProof
	}
	return err
}

var errProof = booking.Refuse(CodeWrongProof, "the password or code is wrong")

// prove checks the password of somebody who has come in already, for what a borrowed session must not do.
func (d *Desk) prove(ctx context.Context, m Member, address, password string) (postgres.User, error) {
	try := postgres.LoginTry{Account: accountSum(m.Email), Address: addressSum(address)}
	id, err := d.begin(ctx, try)
	if err != nil {
		return postgres.User{}, err
	}
	user, err := d.store.User(ctx, m.UserID)
	if err != nil {
		return postgres.User{}, err
	}
	right, err := d.verify(ctx, password, user.PasswordHash)
	if err != nil {
		return postgres.User{}, err
	}
	if !right {
		return postgres.User{}, errProof
	}
	return user, d.store.ForgiveLogin(ctx, id, nil, false)
}

// Enrolment is a second factor to put into an authenticator app; it is shown once.
type Enrolment struct {
	Secret string
	URL    string
}

// EnrollTOTP makes a second factor, which counts once it is confirmed. With one that counts it is [CodeTOTPState].
func (d *Desk) EnrollTOTP(ctx context.Context, m Member, address, password string) (Enrolment, error) {
	user, err := d.prove(ctx, m, address, password)
	if err != nil {
		return Enrolment{}, err
	}
	secret := newTOTPSecret()
	kept, err := d.store.EnrollTOTP(ctx, m.UserID, d.sealer.seal(secret, m.UserID), d.now())
	if err == nil && !kept {
		err = booking.Refuse(CodeTOTPState, "the second factor is on already; turn it off first")
	}
	return Enrolment{Secret: totpText(secret), URL: totpURL(secret, user.Email)}, err
}

// ConfirmTOTP turns the second factor on, with a code that proves the app has it.
func (d *Desk) ConfirmTOTP(ctx context.Context, m Member, address, code string) error {
	try, err := d.begin(ctx, postgres.LoginTry{Account: accountSum(m.Email), Address: addressSum(address)})
	if err != nil {
		return err
	}
	user, err := d.store.User(ctx, m.UserID)
	if err != nil {
		return err
	}
	if len(user.TOTPSecret) == 0 || user.TOTPConfirmed {
		return errors.Join(booking.Refuse(CodeTOTPState, "no second factor waits to be confirmed"), d.store.ForgiveLogin(ctx, try, nil, false))
	}
	secret, err := d.sealer.open(user.TOTPSecret, m.UserID)
	if err != nil {
		return err
	}
	step, ok := matchTOTP(secret, code, d.now())
	if !ok {
		return errProof
	}
	confirmed, err := d.store.ConfirmTOTP(ctx, m.UserID, user.TOTPSecret, step, author(ctx, m.UserID), d.now())
	if err == nil && !confirmed {
		err = booking.Refuse(CodeTOTPState, "another second factor was enrolled meanwhile")
	}
	if err != nil {
		return err
	}
	return d.store.ForgiveLogin(ctx, try, nil, false)
}

var errTOTP = booking.Refuse(CodeBadTOTP, "the code of the second factor is wrong or was used")

// takeTOTP takes a code of an account's second factor, each once.
func (d *Desk) takeTOTP(ctx context.Context, user postgres.User, code string) error {
	secret, err := d.sealer.open(user.TOTPSecret, user.ID)
	if err != nil {
		return err
	}
	step, ok := matchTOTP(secret, code, d.now())
	if !ok {
		return errTOTP
	}
	fresh, err := d.store.UseTOTPStep(ctx, user.ID, step)
	if err == nil && !fresh {
		err = errTOTP
	}
	return err
}

// DisableTOTP turns the second factor off, for who knows the password and has a code.
func (d *Desk) DisableTOTP(ctx context.Context, m Member, address, password, code string) error {
	user, err := d.prove(ctx, m, address, password)
	if err != nil {
		return err
	}
	if !user.TOTPConfirmed {
		return booking.Refuse(CodeTOTPState, "there is no second factor to turn off")
	}
	try, err := d.begin(ctx, postgres.LoginTry{Account: accountSum(m.Email), Address: addressSum(address)})
	if err != nil {
		return err
	}
	if err := d.takeTOTP(ctx, user, code); err != nil {
		if booking.IsCode(err, CodeBadTOTP) {
			err = errProof
		}
		return err
	}
	if _, err := d.store.ClearTOTP(ctx, m.UserID, author(ctx, m.UserID), d.now()); err != nil {
		return err
	}
	return d.store.ForgiveLogin(ctx, try, nil, false)
}

// Accounts lists accounts with an id above after, by id.
func (d *Desk) Accounts(ctx context.Context, filter postgres.UserFilter, after int64, most int) ([]Account, error) {
	users, err := d.store.Users(ctx, filter, after, most)
	if err != nil {
		return nil, err
	}
	list := make([]Account, 0, len(users))
	for _, user := range users {
		list = append(list, accountOf(user))
	}
	return list, nil
}

// CreateAccount adds an account; an address that has one is [booking.CodeDuplicate].
func (d *Desk) CreateAccount(ctx context.Context, m Member, email string, role Role, password string) (Account, error) {
	email, err := CanonicalEmail(email)
	if err != nil {
		return Account{}, err
	}
	hash, err := d.hash(ctx, password)
	if err != nil {
		return Account{}, err
	}
	user := postgres.User{Email: email, Role: string(role), PasswordHash: hash, CreatedAt: d.now()}
	if user.ID, err = d.store.CreateUser(ctx, user, author(ctx, m.UserID), d.now()); err != nil {
		if booking.IsCode(err, booking.CodeDuplicate) {
			err = booking.Refuse(booking.CodeDuplicate, "there is an account with this address")
		}
		return Account{}, err
	}
	return accountOf(user), nil
}

// ChangeAccount gives an account another role, or closes or opens it; nil stays. The last owner stays one: [CodeLastOwner].
func (d *Desk) ChangeAccount(ctx context.Context, m Member, id int64, role *Role, disabled *bool) (Account, error) {
	user, err := d.store.ChangeUser(ctx, id, postgres.UserChange{Role: (*string)(role), Disabled: disabled}, author(ctx, m.UserID), d.now())
	if booking.IsCode(err, booking.CodeWrongState) {
		err = booking.Refuse(CodeLastOwner, "the last owner must stay one")
	}
	if err != nil {
		return Account{}, err
	}
	return accountOf(user), nil
}
