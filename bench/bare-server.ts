// Runs in a process of its own: node:http and nothing else, answering the same bytes whatever is asked. The floor to compare with.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Sample } from './scenarios.ts'

let sample: Sample = { status: 200, headers: {}, body: '' }

const server = createServer((request, response) => {
  const answer = () => {
    response.writeHead(sample.status, sample.headers)
    response.end(sample.body)
  }
  if (request.method === 'GET') return answer()
  request.resume()
  request.on('end', answer)
})

process.on('message', (next: Sample) => {
  sample = next
  process.send?.({ taken: true })
})
process.on('disconnect', () => process.exit(0))
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
