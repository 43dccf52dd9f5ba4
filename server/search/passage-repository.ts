// What is shown of a text, as a part of a statement: a passage with marks around what was sought.
import { type RawBuilder, sql } from 'kysely'
import { marks } from './search-rules.ts'
import { anyWord } from './words-repository.ts'

type Sql = RawBuilder<unknown>

/** Characters of a text that a passage is taken from, and those of them before the first word that was sought. */
const passageFrom = { characters: 2_000, before: 300 }

const mark = (name: keyof typeof marks) => sql`chr(${sql.lit(marks[name])})`

/** Where the text is worth showing. Markup is left standing, and no run without a blank is long, as in search_text. */
const shownText = (text: Sql) => sql`
  regexp_replace(
    translate(
      translate(substr(${text}, (
          select coalesce(greatest(1, min(nullif(strpos(lower(left(${text}, 20000)), words.word), 0)) - ${sql.lit(passageFrom.before)}), 1)
          from sought, unnest(sought.words) as words (word)
        )::integer, ${sql.lit(passageFrom.characters)}),
        ${mark('bracket')} || ${mark('start')} || ${mark('stop')} || ${mark('cut')}, ''),
      '<', ${mark('bracket')}
    ), '(\\S{50})', '\\1' || ${mark('cut')}, 'g')`

/**
 * A passage around what was sought, in the language in which most of it shows; of the text, or where that shows none of it, of
 * the subject or the name.
 */
export const passage = sql`
  select passages.text from (
    select texts.turn, ts_headline(languages.language, texts.text, ${anyWord},
      'MaxWords=35, MinWords=20, StartSel=' || ${mark('start')} || ', StopSel=' || ${mark('stop')}) as text
    from (
        select given.turn, ${shownText(sql`given.text`)} as text
        from (values (1, told.text), (2, told.other)) as given (turn, text) where given.text <> '' offset 0
      ) as texts,
      unnest('{simple,english,german,spanish}'::regconfig[]) as languages (language)
  ) as passages
  order by strpos(passages.text, ${mark('start')}) = 0, passages.turn, length(replace(passages.text, ${mark('start')}, '')) - length(passages.text)
  limit 1`
