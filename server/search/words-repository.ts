// What is typed, as a part of a statement: the words that are sought, cut as the words were that are kept (search_words).
import { type RawBuilder, sql } from 'kysely'

type Sql = RawBuilder<unknown>

/**
 * What is typed, as two queries: all of the words, and any of them. A word is sought as it stands, by its stems, and from three
 * bytes on as the beginning of one: two letters would begin half of all words. Of a compound only the parts count (15, 16, 17),
 * and nothing of blanks, markup and entities (12, 13, 14, 23).
 */
export const soughtBy = (q: Sql) => sql`
  sought as materialized (
    select string_agg('(' || ways.any_way || ')', ' & ')::tsquery as all_words, string_agg(ways.any_way, ' | ')::tsquery as any_word,
      array_agg(ways.shortest) as words
    from (
      select cut.token as word from ts_parse('default', search_text(${q})) with ordinality as cut (kind, token, place)
      where cut.kind not in (12, 13, 14, 15, 16, 17, 23) order by cut.place limit 10
    ) as typed,
      lateral unnest(ts_lexize('simple', typed.word)) as whole (word),
      lateral (
        select array_to_tsvector(array[whole.word])::text || case when octet_length(whole.word) > 2 then ':*' else '' end
            || coalesce(string_agg(distinct ' | ' || array_to_tsvector(array[stem.word])::text, ''), '') as any_way,
          coalesce((array_agg(stem.word order by length(stem.word)))[1], whole.word) as shortest
        from unnest(ts_lexize('english_stem', whole.word) || ts_lexize('german_stem', whole.word) || ts_lexize('spanish_stem', whole.word))
          as stem (word)
      ) as ways
  )`
export const allWords = sql`(select sought.all_words from sought)`
export const anyWord = sql`(select sought.any_word from sought)`
