// Reads the text format of Prometheus (version 0.0.4) as strictly as Prometheus and promtool do: every series is described and
// typed before it comes, comes once, and the buckets of a histogram add up.

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

type Labels = Readonly<Record<string, string>>

export interface Exposition {
  readonly samples: readonly Sample[]
  readonly types: Readonly<Record<string, string>>
  /** Of the series with exactly these labels. */
  value(name: string, labels?: Labels): number | undefined
  /** Of all series with these labels among theirs. */
  total(name: string, labels?: Labels): number
}

/** Throws when the text is not of the format. */
export function readMetrics(text: string): Exposition {
  if (!text.endsWith('\n')) throw new Error('The last line does not end')
  const described = new Set<string>()
  const types: Record<string, string> = {}
  const samples = new Map<string, Sample>()
  for (const line of text.split('\n')) {
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) ([a-z_:][\w:]*) (.+)$/i.exec(line) ?? []
    if (keyword === 'HELP') described.add(name)
    else if (keyword === 'TYPE') types[name] = rest
    else if (line !== '') {
      const sample = readSample(line)
      const key = keyOf(sample.name, sample.labels)
      if (samples.has(key)) throw new Error(`Twice: ${line}`)
      const family = familyOf(sample.name, types)
      if (!described.has(family) || !/^(counter|gauge|histogram)$/.test(types[family] ?? ''))
        throw new Error(`Not described and typed before: ${line}`)
      samples.set(key, sample)
    }
  }
  const all = [...samples.values()]
  const value = (name: string, labels: Labels = {}) => samples.get(keyOf(name, labels))?.value
  for (const { name, labels, value: count } of all) {
    const whole = /^(.+)_count$/.exec(name)?.[1]
    if (whole === undefined || types[whole] !== 'histogram') continue
    const buckets = all.filter(
      (sample) =>
        sample.name === `${whole}_bucket` && keyOf('', withoutBound(sample.labels)) === keyOf('', labels),
    )
    const rising = buckets.every((bucket, index) => bucket.value >= (buckets[index - 1]?.value ?? 0))
    if (!rising || buckets.at(-1)?.labels['le'] !== '+Inf' || buckets.at(-1)?.value !== count)
      throw new Error(`The buckets of ${keyOf(whole, labels)} do not add up`)
  }
  return {
    samples: all,
    types,
    value,
    total: (name, labels = {}) =>
      all
        .filter((sample) => sample.name === name)
        .filter((sample) => Object.entries(labels).every(([label, is]) => sample.labels[label] === is))
        .reduce((sum, sample) => sum + sample.value, 0),
  }
}

function readSample(line: string): Sample {
  const [whole, name, inBraces = '', value] =
    /^([a-z_:][\w:]*)(?:\{((?:[a-z_]\w*="(?:[^"\\]|\\[\\"n])*",?)*)\})? (\S+)$/i.exec(line) ?? []
  // NaN is what has not been measured yet, in whatever case.
  const isNumber = value !== undefined && (/^nan$/i.test(value) || !Number.isNaN(Number(value)))
  if (whole === undefined || name === undefined || !isNumber) throw new Error(`No sample: ${line}`)
  const pairs = [...inBraces.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)]
  return { name, labels: Object.fromEntries(pairs.map(([, label, is]) => [label, is])), value: Number(value) }
}

/** A histogram's series carry its name and an ending. */
function familyOf(name: string, types: Readonly<Record<string, string>>): string {
  const whole = name.replace(/_(bucket|sum|count)$/, '')
  return types[whole] === 'histogram' ? whole : name
}

function withoutBound({ le: _, ...labels }: Labels): Labels {
  return labels
}

function keyOf(name: string, labels: Labels): string {
  return name + JSON.stringify(Object.entries(labels).sort(([a], [b]) => a.localeCompare(b)))
}
