// Checks how every statement that something sends is run by PostgreSQL.
import type pg from 'pg'
import { expect } from 'vitest'
import { explain, type Plan, type Sent, sentDuring } from './query-plans.ts'

/** `warm` is done before each look, so that what is remembered from then on is not looked up again. */
export function planExpectations(client: pg.Client, warm: () => Promise<unknown>) {
  const used = new Set<string>()

  /** Checks every statement that a call sends, when first sent and when sent often; what it did is undone by `undo`. */
  async function expectPlans(
    work: () => Promise<unknown>,
    indexes: readonly string[] | Readonly<Record<'first' | 'generic', readonly string[]>>,
    pages: number,
    undo?: () => Promise<unknown>,
  ) {
    await warm()
    const sent = await sentDuring(work)
    await undo?.()
    expect(sent).not.toEqual([])
    for (const planned of ['first', 'generic'] as const) {
      const plans = await explainAll(sent, planned)
      const text = `${planned}: ${plans.map((plan) => plan.text).join('\n')}`
      expect(
        plans.flatMap((plan) => plan.scanned),
        text,
      ).toEqual([])
      const expected = 'first' in indexes ? indexes[planned] : indexes
      expect([...new Set(plans.flatMap((plan) => plan.indexes))].sort(), text).toEqual([...expected].sort())
      expect(
        plans.reduce((sum, plan) => sum + plan.pages, 0),
        text,
      ).toBeLessThanOrEqual(pages)
      for (const index of expected) used.add(index)
    }
  }

  async function explainAll(sent: readonly Sent[], planned: 'first' | 'generic'): Promise<Plan[]> {
    const plans: Plan[] = []
    for (const statement of sent) plans.push(await explain(client, statement, planned))
    return plans
  }

  return {
    expectPlans,
    /** Indexes of these tables that no statement was seen to read, and that keep no key unique. */
    async unusedIndexes(tables: readonly string[]): Promise<string[]> {
      const { rows } = await client.query<{ name: string }>(
        `select indexrelid::regclass::text as name from pg_index
         where indrelid = any($1::text[]::regclass[]) and not indisunique`,
        [tables],
      )
      return rows.map(({ name }) => name).filter((name) => !used.has(name))
    },
    /** Checks what stands behind a statement, and no plan of it shows: a trigger, or a foreign key. What it did is undone. */
    async expectReadBehind(text: string, { table, index }: { table: string; index: string }) {
      // Counted since some moment before the transaction.
      const scansOf = async (name: string) => {
        const { rows } = await client.query(
          `select pg_stat_get_xact_numscans('${name}'::regclass)::integer as n`,
        )
        return Number((rows as { n: number }[])[0]?.n)
      }
      await client.query('begin')
      try {
        const before = [await scansOf(table), await scansOf(index)] as const
        await client.query(text)
        expect((await scansOf(table)) - before[0]).toBe(0)
        expect((await scansOf(index)) - before[1]).toBeGreaterThan(0)
        used.add(index)
      } finally {
        await client.query('rollback')
      }
    },
  }
}
