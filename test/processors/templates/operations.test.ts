import { describe, expect, it } from 'vitest'
import { openDriver, type Request } from './drive.ts'

const NAMES =
  'maple falcon otter basil amber coral iris willow aspen garnet prism onyx jasmine dahlia quill pearl crane lynx'.split(
    ' ',
  )

describe('templates: GraphQL', () => {
  const ask = (query: string, body: Request['body'] = { data: { x: 1 } }): Request => ({
    method: 'POST',
    path: '/graphql',
    sent: { query, variables: {} },
    body,
  })

  it('given operations on one path, then each is an endpoint, and the path alone is none', () => {
    const driver = openDriver()
    for (let i = 0; i < 40; i++) {
      driver.send(ask(`query A($id: ID) { user(id: ${i}) { name } }`))
      driver.send(ask('mutation { addUser(name: "x") { id } }'))
    }
    driver.send({ path: '/graphql', query: [['query', '{ user(id: 1) { id } }']], body: { data: { user: null } } })
    const ids = ['shop GET /graphql#Query.user', 'shop POST /graphql#Mutation.addUser', 'shop POST /graphql#Query.user']
    expect([...driver.endpoints.keys()].sort()).toEqual(ids)
    expect(driver.endpoints.get('shop POST /graphql#Query.user')?.count).toBeGreaterThan(30)
    driver.restart()
    expect(driver.send(ask('{ user { id } }'))?.id).toBe('shop POST /graphql#Query.user')
  })

  it('given an operation that the server does not know, then it makes no endpoint', () => {
    const driver = openDriver()
    for (let i = 0; i < 50; i++)
      expect(driver.send(ask(`{ guess${i} }`, { errors: [{ message: 'no' }] }))).toBeUndefined()
    expect(driver.endpoints.size).toBe(0)
  })

  it('given a server that answers whatever is asked, then the operations are bounded', () => {
    const driver = openDriver()
    for (let i = 0; i < 1_200; i++) driver.send(ask(`{ guess${i} }`))
    expect(driver.endpoints.size).toBe(1_000)
    expect(driver.send('/users/1')?.template).toBe('/users/{id}')
  })

  it('given a path that becomes part of a parameter, then its operations go with it', () => {
    const driver = openDriver()
    for (let round = 0; round < 4; round++)
      for (const name of NAMES) driver.send({ ...ask('{ user { id } }'), path: `/tenants/${name}/graphql` })
    expect([...driver.endpoints.keys()]).toEqual(['shop POST /tenants/{id}/graphql#Query.user'])
  })
})
