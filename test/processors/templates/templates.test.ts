import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openDriver, type Request } from './drive.ts'

const NAMES =
  'maple falcon otter basil amber coral iris willow aspen garnet prism onyx jasmine dahlia quill pearl crane lynx'.split(
    ' ',
  )

describe('templates', () => {
  it('given a value of a strong kind, when first seen, then it is a parameter with a name, a kind and its raw value', () => {
    const driver = openDriver()
    expect(driver.send('/users/42/orders/7f1d0a3e-0c8b-4a57-9d0e-0a1b2c3d4e5f')).toEqual({
      id: 'shop GET /users/{id}/orders/{orderId}',
      service: 'shop',
      method: 'GET',
      template: '/users/{id}/orders/{orderId}',
      parameters: [
        { name: 'id', kind: 'integer', value: '42' },
        { name: 'orderId', kind: 'uuid', value: '7f1d0a3e-0c8b-4a57-9d0e-0a1b2c3d4e5f' },
      ],
    })
  })

  it.each([
    ['/rates/2024-05-01', '/rates/{date}'],
    ['/calls/CA0123456789abcdef0123456789abcdef.json', '/calls/{id}.json'],
    ['/operations/17:cancel', '/operations/{id}:cancel'],
    ['/odata/Orders(5)/Items', '/odata/Orders({id})/Items'],
    ['/tiles/3/4/5.png', '/tiles/{id}/{tileId}/{tileId2}.png'],
    ['/orders/ord_615587', '/orders/{id}'],
    ['/slots/A:3', '/slots/{id}'],
    ['/games/xteqf7rdkhE1e3ztNKSWjm.pgn', '/games/{id}.pgn'],
    ['/standards/iso_8601', '/standards/iso_8601'],
    ['/v2/users', '/v2/users'],
    ['/2010-04-01/Accounts', '/2010-04-01/Accounts'],
    ['/a%7Bb%7D/{x}', '/a%7Bb%7D/%7Bx%7D'],
    ['/', '/'],
  ])('given %s, then the template is %s', (path, template) => {
    expect(openDriver().send(path)?.template).toBe(template)
  })

  it('given /users/me beside many user names, then me stays a literal and the names become one parameter', () => {
    const driver = openDriver()
    for (let round = 0; round < 3; round++) {
      driver.send({ path: '/users/me', body: { id: 1, scopes: [] } })
      for (const name of NAMES) driver.send({ path: `/users/${name}`, body: { id: 1, name } })
    }
    expect(driver.find('/users/me')).toBe('/users/me')
    expect(driver.find('/users/maple')).toBe('/users/{id}')
    expect(driver.find('/users/never-seen-zebra')).toBe('/users/{id}')
    expect(driver.merges.length).toBeGreaterThan(0)
    expect(new Set(driver.merges.map((merge) => merge.into))).toEqual(new Set(['shop GET /users/{id}']))
    expect([...driver.endpoints.keys()].sort()).toEqual(['shop GET /users/me', 'shop GET /users/{id}'])
  })

  it('given sibling resources of API vocabulary, then they stay literals however alike they behave', () => {
    const driver = openDriver()
    for (let id = 0; id < 300; id++)
      for (const resource of ['orders', 'customers', 'invoices', 'payments', 'refunds'])
        driver.send(`/api/v1/${resource}/${id}`)
    expect(driver.find('/api/v1/orders/9')).toBe('/api/v1/orders/{id}')
    expect(driver.endpoints.size).toBe(5)
  })

  it('given words of the trade among sibling resources that behave as known ones do, then all of them stay literals', () => {
    const driver = openDriver()
    const settings =
      'synonyms dictionary stop-words typo-tolerance faceting embedders ranking-rules pagination chat'.split(' ')
    for (let id = 0; id < 200; id++) {
      const one = settings[(id * 7) % settings.length] ?? ''
      for (const method of ['GET', 'PATCH', 'DELETE'])
        driver.send({ method, path: `/indexes/${id}/settings/${one}`, body: { of: id } })
    }
    for (const one of settings.slice(0, 4)) expect(driver.find(`/indexes/9/settings/${one}`)).toContain(one)
  })

  it('given two resources alone, told apart by a word that is no vocabulary, then they stay literals', () => {
    const driver = openDriver()
    for (let i = 0; i < 300; i++)
      driver.send({ method: 'POST', path: `/v1/bulk/${i % 3 === 0 ? 'intl' : 'us'}_verifications` })
    expect(driver.find('/v1/bulk/us_verifications', 'POST')).toBe('/v1/bulk/us_verifications')
  })

  it('given names in snake case of which half the words are known, then they are the author’s', () => {
    const driver = openDriver()
    const metrics = 'frontend_cpu_utilization droplets_http_responses frontend_tls_connections change_passphrase'.split(
      ' ',
    )
    for (let i = 0; i < 40; i++) driver.send(`/metrics/balancer/${metrics[i % 4] ?? ''}`)
    expect(metrics.map((name) => driver.find(`/metrics/balancer/${name}`))).toEqual(
      metrics.map((name) => `/metrics/balancer/${name}`),
    )
  })

  it('given drawn ids of which one has no digit, then it is a value as the others are', () => {
    const driver = openDriver()
    const ids = ['18Bh3USMk60', 'gHjg4_xHSE9', 'Vv0KMfkHs2A', 'sCEKYVGepOU', 'DR5UVM3nyVw']
    for (let i = 0; i < 60; i++) driver.send({ path: `/v3/builds/${ids[i % 5] ?? ''}`, body: { id: i, state: '' } })
    expect(driver.find('/v3/builds/sCEKYVGepOU')).toBe('/v3/builds/{id}')
  })

  it.each([400, 404, 405, 410, 501])(
    'given a million-path scanner answered with %i, then nothing is created nor counted',
    (status) => {
      const driver = openDriver()
      driver.send('/users/1')
      const before = driver.state()
      for (let i = 0; i < 20_000; i++)
        expect(driver.send({ path: `/wp-${i.toString(36)}/x${i}.php`, status })).toBeUndefined()
      expect(driver.state()).toEqual(before)
    },
  )

  it('given short drawn ids beside numbers, then both are one parameter, and a word beside them is none', () => {
    const driver = openDriver()
    for (let round = 0; round < 30; round++) {
      driver.send({ path: `/posts/${round + 1}`, body: { id: '1', title: 't' } })
      if (round % 6 === 5)
        driver.send({
          path: `/posts/${['1e77', '02e0', 'a2e5', '92be', 'c9f9'][round % 5]}`,
          body: { id: '1', title: 't' },
        })
      driver.send({ path: '/posts/latest', body: { posts: [] } })
    }
    expect(driver.find('/posts/5')).toBe('/posts/{id}')
    expect(driver.find('/posts/a2e5')).toBe('/posts/{id}')
    expect(driver.find('/posts/b6bd')).toBe('/posts/{id}')
    expect(driver.find('/posts/latest')).toBe('/posts/latest')
  })

  it('given files that people count, then the words before the number are of the name', () => {
    const driver = openDriver()
    for (let n = 0; n < 20; n++)
      for (const word of ['river', 'lamp', 'stone'])
        driver.send({ path: `/files/${word}-${n}.txt`, body: { name: 'x', size: 1 } })
    expect(driver.find('/files/lamp-3.txt')).toBe('/files/{id}.txt')
    expect(openDriver().send('/assets/app-5f2c9a1b.js')?.template).toBe('/assets/app-{id}.js')
  })

  it('given a server that says 200 to everything, then state stays within its bounds and real endpoints are unharmed', () => {
    const driver = openDriver()
    for (let i = 0; i < 50; i++) driver.send(`/users/${i}/orders`)
    for (let i = 0; i < 6_000; i++) driver.send(`/${(i * 7919).toString(36)}z/${(i * 104729).toString(36)}q`)
    const size = driver.state().length
    for (let i = 6_000; i < 12_000; i++) driver.send(`/${(i * 7919).toString(36)}z/${(i * 104729).toString(36)}q`)
    expect(size).toBeLessThan(3_000)
    expect(driver.state().length).toBeLessThan(size * 1.2 + 100)
    expect(driver.find('/users/7/orders')).toBe('/users/{id}/orders')
  })

  it('given an exchange that does not teach, then it is located but neither counted nor learned', () => {
    const driver = openDriver()
    driver.send('/users/1')
    const before = driver.state()
    expect(driver.send({ path: '/users/2', teaches: false })?.template).toBe('/users/{id}')
    expect(driver.send({ path: '/unknown', teaches: false })).toBeUndefined()
    expect(driver.state()).toEqual(before)
  })

  it('given a strange method, then it never becomes a key of state', () => {
    const driver = openDriver()
    for (const method of ['__proto__', 'constructor', 'get', ''])
      expect(driver.send({ path: '/x', method })).toBeUndefined()
    expect(driver.state()).toEqual([])
  })

  it('counts an endpoint exactly, also through merges', () => {
    const driver = openDriver()
    for (let round = 0; round < 4; round++) for (const name of NAMES) driver.send(`/users/${name}`)
    const stored = driver.state().filter(([key]) => key.startsWith('endpoints '))
    expect(stored.map(([, json]) => (JSON.parse(json) as { count: number }).count)).toEqual([4 * NAMES.length])
  })
})

const segment = fc.oneof(
  fc.constantFrom('users', 'orders', 'items', 'me', 'search', 'api', 'v1', ...NAMES),
  fc.integer({ min: 0, max: 999 }).map(String),
  fc.uuid(),
  fc.constantFrom('a.json', 'b.json', 'maple:run', '@ann', '%F0%9F', '..', '{x}'),
)
const request: fc.Arbitrary<Request> = fc.record({
  path: fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`),
  method: fc.constantFrom('GET', 'GET', 'POST', 'DELETE'),
  status: fc.constantFrom(200, 200, 200, 201, 404, 500),
  body: fc.constantFrom(undefined, { id: 1, name: 'x' }, [{ id: 2 }], 'text', null),
})

describe('templates: laws', () => {
  it('the same exchanges give the same state, also when restored between any two of them', () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 120 }), fc.array(fc.nat(120), { maxLength: 4 }), (requests, cuts) => {
        const whole = openDriver()
        const cut = openDriver()
        requests.forEach((one, i) => {
          if (cuts.includes(i)) cut.restart()
          expect(cut.send(one)).toEqual(whole.send(one))
        })
        expect(cut.state()).toEqual(whole.state())
        expect([...cut.endpoints]).toEqual([...whole.endpoints])
        expect(cut.merges).toEqual(whole.merges)
      }),
      { numRuns: 60 },
    )
  })

  it('paths of typed segments give the same endpoints in any order', () => {
    const typed = fc.array(fc.oneof(fc.constantFrom('users', 'orders'), fc.nat(99).map(String)), {
      minLength: 1,
      maxLength: 4,
    })
    const paths = fc.array(
      typed.map((segments) => `/x/${segments.join('/')}`),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(
        paths.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        ([list, shuffled]) => {
          const one = openDriver()
          const two = openDriver()
          for (const path of list) one.send(path)
          for (const path of shuffled) two.send(path)
          expect([...two.endpoints.keys()].sort()).toEqual([...one.endpoints.keys()].sort())
        },
      ),
      { numRuns: 40 },
    )
  })

  it('every live endpoint is found again by the paths that made it', () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 120 }), (requests) => {
        const driver = openDriver()
        for (const one of requests) driver.send(one)
        for (const { path, method, status } of requests)
          if (status !== 404) expect(driver.find(path, method)).toBeDefined()
      }),
      { numRuns: 60 },
    )
  })
})
