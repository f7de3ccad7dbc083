package understanding

import "strings"

// languageOf tells the language of a message by the words that only one of the three has; Spanish where there are only words
// that tell nothing, "" where there are no words of a language at all.
func languageOf(tokens []token) string {
	spanish, portuguese, english, words := 0, 0, 0, 0
	for _, t := range tokens {
		if t.raw < "a" || noLanguage[t.raw] || laughter(t.raw) {
			continue
		}
		words++
		if languageMarks["es"][t.raw] && !t.tilde || t.enye {
			spanish++
		}
		if languageMarks["pt"][t.raw] && !t.enye || t.tilde || !t.enye && endsIn(t.raw, portugueseEndings) {
			portuguese++
		}
		if languageMarks["en"][t.raw] || endsIn(t.raw, englishEndings) {
			english++
		}
	}
	switch {
	case words == 0:
		return ""
	case portuguese > spanish && portuguese >= english:
		return "pt"
	case english > spanish:
		return "en"
	}
	return "es"
}

// laughter reports "jajaja", "haha", "kkk", however long.
func laughter(word string) bool {
	return len(word) > 1 && (strings.Trim(word, "ja") == "" || strings.Trim(word, "je") == "" || strings.Trim(word, "ha") == "" || strings.Trim(word, "k") == "")
}

func endsIn(word string, endings []string) bool {
	for _, ending := range endings {
		if len(word) > len(ending)+1 && strings.HasSuffix(word, ending) {
			return true
		}
	}
	return false
}

var (
	portugueseEndings = []string{"cao", "coes", "inho", "inha", "lhas", "lhos", "agem", "mente?"}
	englishEndings    = []string{"ing", "ight", "ould", "ooking"}
)

// noLanguage are words that are the same everywhere.
var noLanguage = set("ok oka okey okay okk hs hrs h km kms am pm wifi x p d ja jaja jajaja jajajaja jaj jajaj haha hahaha lol kkk kkkk mmm mm hmm eh ah oh uh ars usd")

// languageMarks are words of one language that the others do not have, as they are written, folded.
var languageMarks = map[string]map[string]bool{
	"es": set(`hola buenas buenos el los las del y hay quiero tenes tienen noches personas gracias cuanto sale cuesta con enero febrero mayo septiembre
setiembre octubre noviembre diciembre finde viernes lunes martes miercoles jueves una mis manana hasta dale estoy voy muy puedo tengo ya
mas este soy tiene hacer necesito quisiera busco donde llego hoy un unos unas mi yo es fue son les le lo si pero porque xq q cual cuando
queda noche al en tambien alguien otra otro perro perros nene nenes chicos chico bueno buen tardes podes puede pueden tendrian sena
cuatro siete ocho nueve diez pasame mandame quedo bien despues ahora solo hacen hace hago pareja esposa senora marido novio novia hijo
hijos ninos chau abrazo saludos`),
	"pt": set(`oi oie infelizmente fechou demais mesmo bora nessa voltamos saindo chegando embora mim pela pelo obrigado obrigada brigado brigada voce voces vc vcs tem temos tenho quero gostaria gostariamos diaria diarias pessoa pessoas
noite noites ate janeiro fevereiro marco maio junho julho setembro outubro novembro dezembro nao sim bom boa tudo quanto custa fica
disponivel disponiveis disponibilidade minha minhas meu meus amanha hoje chale chales crianca criancas dois duas um uma com falar fim
sexta terca feira sabado tchau ola e do na nas pra pro ao aos sao ou estao preco precos fazer faz qual quais onde aonde chego cachorro
cachorros casal filho filhos filha filhas seriam vaga vagas valeu beleza pode posso podem aceita aceitam pix cartao pagamento paguei ja
fiz enviei comprovante chegar chegamos sair saida mais muito muita tambem so sou eu ela ele vou pessoal mudar datas alguem dono ajuda
ainda agora depois isso essa esse aqui algum ano novo natal pascoa ferias dezesseis dezessete vinte trinta oito nove dez quinze onze
doze treze sete quatro sem animais chaves pego incluso livre quinta domingos estou procurando mandem gostei lareira churrasqueira perto
longe chegada ficam ficar voltar ligar ligue sinal reembolso nosso nossa viu jogo ontem hospedagem aluguel alugar quarto quartos
banheiro toalhas lencol cozinha geladeira estacionamento banho cedo trocar adiar desmarcar boleto fechado combinado otimo abraco as`),
	"en": set(`cheers mate jan apr aug dec monday just think will about should might maybe after before tell ask ll ve don couldn wouldn isn aren who why which when because if then them him her his he she than too also only both same other another hi hello hey the for and from to are there available availability people guests nights night want book booking would like how much price
please thanks thank you we i january february march may june july august september october november december do have yes cancel
reservation speak with person weekend next need cabin cabins my is it what where when can could any of on at our your us be will adults
children kids kid dog dogs stay arrive arriving leaving time week days day two three four five six seven eight one id im does did has
been or but not this that deal great good morning afternoon evening sorry actually just paid send photos pictures bye ok sure perfect
nope thing things anyone someone human owner rules allowed address located bring breakfast included friday saturday sunday monday
tuesday wednesday thursday tomorrow today tonight christmas new year easter money refund card pay payment receipt sent see let know hold
more change dates move key keys get an by they wife husband girlfriend boyfriend couple family pets sounds quick helpful reply game
watch hot near center far lake house rental rent nice lovely cancelled longer bank slow wonder wondering anything something everything
nothing else only last still yet really`),
}
