// What node-quickbooks' own tests leave out: an invoice from its making to its end, and its tokens.
const assert = require('assert')
const { promisify } = require('util')
const config = require('node-quickbooks/config')
const QuickBooks = require('node-quickbooks')

describe('node-quickbooks', () => {
  const qbo = new QuickBooks(config)
  const ask = (method, ...given) => promisify(qbo[method].bind(qbo))(...given)
  const invoice = () => ({
    CustomerRef: { value: '1' },
    Line: [{ Amount: 37.5, DetailType: 'SalesItemLineDetail', SalesItemLineDetail: { ItemRef: { value: '1' }, Qty: 3, UnitPrice: 12.5 } }],
  })

  it('makes, changes, sends, prints, voids and deletes an invoice', async () => {
    const made = await ask('createInvoice', invoice())
    assert.strictEqual(made.TotalAmt, 37.5)
    assert.strictEqual(made.Balance, 37.5)
    const changed = await ask('updateInvoice', { Id: made.Id, SyncToken: made.SyncToken, sparse: true, PrivateNote: 'late' })
    assert.deepStrictEqual([changed.SyncToken, changed.PrivateNote, changed.TotalAmt], ['1', 'late', 37.5])
    const sent = await ask('sendInvoicePdf', made.Id, 'somebody@example.com')
    assert.strictEqual(sent.EmailStatus, 'EmailSent')
    const pdf = await ask('getInvoicePdf', made.Id)
    assert.strictEqual(Buffer.from(pdf).subarray(0, 5).toString(), '%PDF-')
    const { Invoice: voided } = await ask('voidInvoice', { Id: made.Id, SyncToken: changed.SyncToken })
    assert.deepStrictEqual([voided.TotalAmt, voided.Balance], [0, 0])
    const deleted = await ask('deleteInvoice', { Id: made.Id, SyncToken: voided.SyncToken })
    assert.strictEqual(deleted.Invoice.status, 'Deleted')
  })

  it('is told when somebody else was faster', async () => {
    const made = await ask('createInvoice', invoice())
    await ask('updateInvoice', { Id: made.Id, SyncToken: '0', sparse: true, PrivateNote: 'first' })
    await assert.rejects(ask('updateInvoice', { Id: made.Id, SyncToken: '0', sparse: true, PrivateNote: 'second' }), (problem) => {
      const { Fault } = problem.Fault ? problem : problem.response.data
      return Fault.Error[0].code === '5010'
    })
  })

  it('makes an invoice once for a request id', async () => {
    const first = await ask('createInvoice', { ...invoice(), requestId: 'walk-1' })
    const again = await ask('createInvoice', { ...invoice(), requestId: 'walk-1' })
    assert.strictEqual(again.Id, first.Id)
  })

  it('finds by criteria, counts, and reads on behind the first page', async () => {
    const byName = await ask('findCustomers', [{ field: 'DisplayName', value: "Amy's Bird Sanctuary", operator: '=' }])
    assert.strictEqual(byName.QueryResponse.Customer.length, 1)
    const counted = await ask('findAccounts', { count: true })
    const all = await ask('findAccounts', { fetchAll: true, limit: 5 })
    assert.strictEqual(all.QueryResponse.Account.length, counted.QueryResponse.totalCount)
    const ordered = await ask('findAccounts', { desc: 'Name', limit: 2 })
    assert.ok(ordered.QueryResponse.Account[0].Name > ordered.QueryResponse.Account[1].Name)
  })

  it('reads what changed since a date', async () => {
    const before = new Date(Date.now() - 60000)
    const made = await ask('createInvoice', invoice())
    const changes = await ask('changeDataCapture', ['Invoice', 'Customer'], before)
    const [invoices] = changes.CDCResponse[0].QueryResponse
    assert.ok(invoices.Invoice.some((one) => one.Id === made.Id))
  })

  it('does several things in one batch, each with its own end', async () => {
    const answer = await ask('batch', [
      { bId: 'good', operation: 'create', Invoice: invoice() },
      { bId: 'bad', operation: 'create', Invoice: { ...invoice(), CustomerRef: { value: '999' } } },
      { bId: 'question', Query: 'select * from Term' },
    ])
    const [good, bad, question] = answer.BatchItemResponse
    assert.strictEqual(good.Invoice.TotalAmt, 37.5)
    assert.strictEqual(bad.Fault.Error[0].code, '2500')
    assert.ok(question.QueryResponse.Term.length > 0)
  })

  it('renews its token, and is refused after it was revoked', async () => {
    const own = new QuickBooks(config)
    const renewed = await promisify(own.refreshAccessToken.bind(own))()
    assert.strictEqual(renewed.token_type, 'bearer')
    await promisify(own.getCompanyInfo.bind(own))(config.realmId)
    const dead = Object.assign(new QuickBooks(config), { token: own.token })
    await promisify(own.revokeAccess.bind(own))(true)
    await assert.rejects(promisify(dead.getCompanyInfo.bind(dead))(config.realmId))
  })
})
