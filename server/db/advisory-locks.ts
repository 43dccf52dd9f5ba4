// The numbers of our advisory locks, together so that no two are the same. One more is written in SQL: relay_outbox
// (20261121150000_outbox.sql) takes 7305441104. Who owns the embedded server holds a lock of its own kind (embedded/ownership.ts).

/** Held by who brings the database up to date, until its connection ends. */
export const migrationLock = 7_305_441_102

/** The following are held until the transaction ends. */
export const firstAdminLock = 7_305_441_103
export const adminsLock = 7_305_441_105
export const signingKeysLock = 7_305_441_106

/** The first of two numbers; the second is a hash of the key. */
export const idempotencyLock = 7_305_441
