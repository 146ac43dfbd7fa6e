import { describe, expect, it } from 'vitest'
import { openDriver } from './drive.ts'

const NAMES =
  'maple falcon otter basil amber coral iris willow aspen garnet prism onyx jasmine dahlia quill pearl crane lynx'.split(
    ' ',
  )

describe('templates: a person’s word', () => {
  const get = (template: string): string => `shop GET ${template}`

  it('given two endpoints, when merged, then their differing words are one parameter, for words to come too', () => {
    const driver = openDriver()
    for (let i = 0; i < 30; i++)
      for (const word of ['orders', 'invoices', 'search']) driver.send(`/reports/${word}/lines`)
    const merges = driver.command('endpoints.merge', get('/reports/orders/lines'), {
      with: [get('/reports/invoices/lines')],
    })
    expect(merges.map(({ into }) => into)).toEqual([get('/reports/{id}/lines'), get('/reports/{id}/lines')])
    expect(driver.find('/reports/orders/lines')).toBe('/reports/{id}/lines')
    expect(driver.send('/reports/payments/lines')?.template).toBe('/reports/{id}/lines')
    expect(driver.find('/reports/search/lines')).toBe('/reports/search/lines')
    driver.restart()
    for (let i = 0; i < 200; i++) driver.send('/reports/orders/lines')
    expect(driver.find('/reports/orders/lines')).toBe('/reports/{id}/lines')
  })

  it('given a parameter, when words are split off, then they are endpoints again, though traffic says otherwise', () => {
    const driver = openDriver()
    for (let round = 0; round < 4; round++) for (const name of NAMES) driver.send(`/users/${name}`)
    expect(driver.find('/users/maple')).toBe('/users/{id}')
    driver.command('endpoints.split', get('/users/{id}'), { words: ['maple'] })
    expect(driver.find('/users/maple')).toBe('/users/maple')
    expect(driver.find('/users/falcon')).toBe('/users/{id}')
    expect([...driver.endpoints.keys()].sort()).toEqual([get('/users/maple'), get('/users/{id}')])
    driver.command('endpoints.split', get('/users/{id}'), {})
    expect(driver.find('/users/falcon')).toBe('/users/falcon')
  })

  it('given a literal that looks like a value, when split off, then it is one from then on', () => {
    const driver = openDriver()
    for (let i = 1; i < 40; i++) driver.send(`/standards/${i}`)
    driver.command('endpoints.split', get('/standards/{id}'), { parameter: 'id', words: ['8601'] })
    expect(driver.send('/standards/8601')?.template).toBe('/standards/8601')
    expect(driver.send('/standards/9001')?.template).toBe('/standards/{id}')
  })

  it('given new names, when renamed, then knowledge goes to the new id, and sub-resources follow', () => {
    const driver = openDriver()
    for (let i = 0; i < 20; i++) for (const rest of ['', '/orders/7']) driver.send(`/users/${i}${rest}`)
    const merges = driver.command('endpoints.rename', get('/users/{id}'), { template: '/users/{userId}' })
    expect(merges).toContainEqual({ from: get('/users/{id}'), into: get('/users/{userId}') })
    expect([...driver.endpoints.keys()].sort()).toEqual([
      get('/users/{userId}'),
      get('/users/{userId}/orders/{orderId}'),
    ])
    expect(driver.endpoints.get(get('/users/{userId}'))?.count).toBe(20)
    driver.restart()
    expect(driver.send('/users/77')?.id).toBe(get('/users/{userId}'))
    expect(driver.command('endpoints.rename', get('/users/{userId}'), { template: '/people/{id}' })).toEqual([])
  })

  it('given a word, when renamed to a parameter, then words like it are values', () => {
    const driver = openDriver()
    driver.send('/reports/daily')
    driver.command('endpoints.rename', get('/reports/daily'), { template: '/reports/{period}' })
    expect(driver.send('/reports/weekly')?.template).toBe('/reports/{period}')
  })

  it('given a pin, then traffic does not take it back, until it is unpinned', () => {
    const driver = openDriver()
    for (let round = 0; round < 3; round++) for (const name of NAMES.slice(0, 6)) driver.send(`/teams/${name}`)
    expect(driver.find('/teams/maple')).toBe('/teams/{id}')
    driver.command('endpoints.pin', get('/teams/{id}'))
    const unlike = (): void => {
      for (let i = 0; i < 300; i++)
        for (const [n, name] of NAMES.slice(0, 6).entries())
          driver.send({ path: `/teams/${name}/part${n}`, method: n % 2 === 0 ? 'POST' : 'PUT', body: { [`k${n}`]: n } })
    }
    unlike()
    expect(driver.find('/teams/maple')).toBe('/teams/{id}')
    driver.restart()
    driver.command('endpoints.unpin', get('/teams/{id}'))
    unlike()
    expect(driver.find('/teams/maple')).not.toBe('/teams/{id}')
  })

  it.each([
    ['endpoints.merge', 'shop GET /a/b', { with: 'x' }],
    ['endpoints.merge', 'shop GET /a/b', { with: ['shop GET /a'] }],
    ['endpoints.split', 'shop GET /a/b', { words: [1] }],
    ['endpoints.rename', 'shop GET /a/b', {}],
    ['endpoints.pin', 'nothing', {}],
    ['drift.accept', 'shop GET /a/b', {}],
  ])('given %s of %s that says nothing that can be done, then nothing is done', (kind, subject, value) => {
    const driver = openDriver()
    driver.send('/a/b')
    const before = driver.state()
    expect(driver.command(kind, subject, value)).toEqual([])
    expect(driver.state()).toEqual(before)
  })
})
