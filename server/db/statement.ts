// One file knows how a statement is sent. A statement is written once, typed and compiled by Kysely, and kept as a constant:
// no SQL is built during a request (that halved throughput where it was measured).
import { createHash } from 'node:crypto'
import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely'
import type { Database } from './database.ts'
import type { DB } from './schema.generated.ts'

/** Kysely as an author of SQL only: it joins and numbers the parts of a statement, and holds no connection. */
export const sqlAuthor = new Kysely<DB>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

/** Stands in a statement where a value goes when it is run. */
class Placeholder {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

export interface Statement<Values extends object, Row> {
  readonly name: string
  readonly text: string
  /** Runs it and answers its rows. */
  all(db: Database, values: Values): Promise<readonly Row[]>
  /** Runs it and answers its first row, if there is one. */
  first(db: Database, values: Values): Promise<Row | undefined>
}

interface Author<Row> {
  compile(author: typeof sqlAuthor): CompiledQuery<Row>
}

/**
 * Defines a statement. `write` gets a placeholder for every value and answers an `sql` template:
 * ``statement<{ id: number }>()((value) => sql<User>`select … from users where users.id = ${value.id}`)``.
 */
export function statement<Values extends object>() {
  return <Row>(write: (value: Required<Values>) => Author<Row>): Statement<Values, Row> => {
    const placeholders = new Proxy<Record<string, Placeholder>>(
      {},
      { get: (made, name) => (made[String(name)] ??= new Placeholder(String(name))) },
    )
    const { sql: text, parameters } = write(placeholders as never).compile(sqlAuthor)
    const name = createHash('sha256').update(text).digest('base64url').slice(0, 32)
    const all = async (db: Database, values: Values) => {
      const given = values as Readonly<Record<string, unknown>>
      const { rows } = await db.query({
        name,
        text,
        values: parameters.map((parameter) =>
          parameter instanceof Placeholder ? given[parameter.name] : parameter,
        ),
      })
      return rows as readonly Row[]
    }
    return { name, text, all, first: async (db, values) => (await all(db, values))[0] }
  }
}
