-- What the owner sets for the property wins over the settings of the installation.

-- +goose Up
ALTER TABLE properties
    ALTER COLUMN deposit_percent DROP DEFAULT,
    ALTER COLUMN deposit_percent DROP NOT NULL;
-- NULL: the setting DEPOSIT_PERCENT. Until now the setting was used whatever stood here.
UPDATE properties SET deposit_percent = NULL;

-- +goose Down
UPDATE properties SET deposit_percent = 30 WHERE deposit_percent IS NULL;
ALTER TABLE properties
    ALTER COLUMN deposit_percent SET DEFAULT 30,
    ALTER COLUMN deposit_percent SET NOT NULL;
