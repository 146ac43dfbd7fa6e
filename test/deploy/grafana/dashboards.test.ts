import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { dashboardFiles } from '../../../deploy/grafana/dashboards.ts'
import { POSTGRES, PROMETHEUS } from '../../../deploy/grafana/kit.ts'
import { dashboards, expanded, namesIn, sqlQueries, type Panel } from './queries.ts'

const deploy = new URL('../../../deploy/', import.meta.url)

test.each(Object.entries(dashboardFiles()))('%s is current (npm run generate)', (name, text) => {
  expect(readFileSync(new URL(`grafana/dashboards/${name}`, deploy), 'utf8')).toBe(text)
})

test('files and uids are those that links rely on', () => {
  const uids = [...dashboards()].map(([file, { uid }]) => `${file} ${uid}`)
  expect(uids.sort()).toEqual([
    'blast-radius.json chaos-proxy-blast-radius',
    'chaos-anomalies.json chaos-proxy-anomalies',
    'chaos-drift.json chaos-proxy-drift',
    'chaos-endpoints.json chaos-proxy-endpoints',
    'chaos-ghost.json chaos-proxy-ghost',
    'chaos-overview.json chaos-proxy-overview',
    'chaos-pipeline.json chaos-proxy-pipeline',
    'chaos-traffic.json chaos-proxy-traffic',
  ])
})

const overlap = (a: Panel, b: Panel): boolean =>
  a.gridPos.x < b.gridPos.x + b.gridPos.w &&
  b.gridPos.x < a.gridPos.x + a.gridPos.w &&
  a.gridPos.y < b.gridPos.y + b.gridPos.h &&
  b.gridPos.y < a.gridPos.y + a.gridPos.h

describe.each([...dashboards()])('%s', (_file, { panels }) => {
  test('numbers, titles and places are taken once, and every panel fits', () => {
    expect(panels.map(({ id }) => id)).toEqual(panels.map((_, i) => i + 1))
    for (const [i, panel] of panels.entries()) {
      expect(panel.gridPos.x + panel.gridPos.w).toBeLessThanOrEqual(24)
      for (const other of panels.slice(i + 1))
        expect([panel.title, other.title, overlap(panel, other)]).toContain(false)
    }
  })

  test('every panel asks a source that is provisioned, and says what it is for', () => {
    const text = readFileSync(new URL('grafana/provisioning/datasources/chaos-proxy.yaml', deploy), 'utf8')
    const { datasources } = parse(text) as { datasources: { uid: string; type: string }[] }
    const known = datasources.map(({ uid, type }) => ({ uid, type }))
    expect(known).toEqual(expect.arrayContaining([PROMETHEUS, POSTGRES]))
    for (const { type, title, description, datasource, targets = [] } of panels.filter((p) => p.type !== 'row')) {
      expect([title, type]).toEqual([title, expect.stringMatching(/^(timeseries|stat|table|heatmap)$/)])
      expect([title, description]).toEqual([title, expect.stringMatching(/\.$/)])
      expect(known).toContainEqual(datasource)
      expect(targets.length).toBeGreaterThan(0)
      for (const target of targets) expect(target.datasource).toEqual(datasource)
    }
  })
})

test('each leads to the others, and into the console at an address that can be typed in', () => {
  for (const { links, templating } of dashboards().values()) {
    expect(links.map(({ type, url }) => [type, url])).toEqual([
      ['link', '${console}/'],
      ['link', '${console}/admin/docs'],
      ['dashboards', undefined],
    ])
    expect(templating.list).toContainEqual(expect.objectContaining({ name: 'console', query: 'http://localhost:8000' }))
  }
})

test('legends name labels that their expression keeps', () => {
  const targets = [...dashboards().values()].flatMap(({ panels }) => panels.flatMap((panel) => panel.targets ?? []))
  const asked = targets.flatMap(({ expr = '', legendFormat = '' }) =>
    [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => ({ expr, label })),
  )
  expect(asked.length).toBeGreaterThan(20)
  const kept = (expr: string): string[] => namesIn(expr).flatMap(({ labels }) => labels)
  expect(asked.filter(({ expr, label }) => !kept(expr).includes(label))).toEqual([])
})

test('SQL has no macro that is not expanded here', () => {
  for (const { where, text } of sqlQueries())
    expect([where, expanded(text)]).toEqual([where, expect.not.stringMatching(/\$[_{]/)])
})

test('what an expression names is found', () => {
  const expr = 'sum by (le, a) (rate(chaosproxy_x_bucket{b=~"c=.*", d!="e"}[5m])) / on () up == 0'
  expect(namesIn(expr)).toEqual([
    { metric: 'chaosproxy_x_bucket', labels: ['b', 'd', 'le', 'a'] },
    { metric: 'up', labels: ['le', 'a'] },
  ])
  expect(namesIn('label_values(chaosproxy_y, z)')).toEqual([{ metric: 'chaosproxy_y', labels: ['z'] }])
})
