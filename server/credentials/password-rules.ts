// What a password must be: long enough, and not one that everybody tries first. No rules of composition (ASVS 5, 6.2).

/** What is wrong with a password, in words that follow its name; undefined for a good one. */
export async function weaknessOf(
  password: string,
  { username, minLength }: { readonly username: string | null; readonly minLength: number },
): Promise<string | undefined> {
  if ([...password].length < minLength) return `must have at least ${minLength} characters`
  if (password.toLowerCase() === username?.toLowerCase()) return 'must not be the username'
  if ((await commonPasswords()).has(password.toLowerCase()))
    return 'must not be one of the passwords that everybody tries first'
  return undefined
}

let common: Promise<ReadonlySet<string>> | undefined

/** Some 50,000 of them; read when the first password is chosen, since few processes ever need them. */
function commonPasswords(): Promise<ReadonlySet<string>> {
  common ??= import('@zxcvbn-ts/language-common').then(
    ({ dictionary }) => new Set(dictionary['passwords-common']),
  )
  return common
}
