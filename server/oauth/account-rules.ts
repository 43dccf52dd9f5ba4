interface Names {
  readonly first_name: string
  readonly last_name: string
}

/** The whole name; empty for one who has given none. */
export const nameOf = ({ first_name, last_name }: Names): string =>
  [first_name, last_name].filter(Boolean).join(' ')
