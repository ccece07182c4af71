extension Catalogue {
  @ListBuilder<Scenario> static var utf8: [Scenario] { [Scenario]() }
}
